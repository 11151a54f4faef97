"""The scorecard and the model cards: prose by hand, their tables from scores and catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import scorecard_page

from trephine.catalogue.load import catalogue
from trephine.catalogue.records import Record
from trephine.models.aspiration import AspirationParameters
from trephine.models.injection import InjectionParameters
from trephine.models.processing import ProcessParameters
from trephine.models.reading import Reading
from trephine.models.settling import SettlingParameters

DOCS = Path(__file__).parent
VALIDATION = DOCS.parent / "validation"
STAGES: Mapping[str, tuple[type[Any], ...]] = MappingProxyType(
    {
        "harvest": (AspirationParameters,),
        "processing": (ProcessParameters, SettlingParameters),
        "delivery": (InjectionParameters,),
    }
)
"""The parameter classes whose records a card tells of."""
KINDS = MappingProxyType(
    {
        "measured": "a publication reports the number",
        "derived": "computed from reported numbers",
        "calibrated": "set so that a law meets reported numbers",
        "assumed": "a prior or a choice, with its range where it has one",
    }
)
WORDS = MappingProxyType({"within": "within", "near": "near", "miss": "**miss**"})

Table = Callable[[Iterable[str], Iterable[Iterable[str]]], Iterator[str]]


def pages(table: Table) -> dict[Path, str]:
    """Return the text of the scorecard and of every card, its tables made anew."""
    made = {DOCS / "scorecard.md": scorecard_page.blocks(table)}
    for stage in STAGES:
        made[DOCS / "reference" / "cards" / f"{stage}.md"] = card(stage, table)
    filled_in = {
        path: filled(path.read_text(encoding="utf-8"), blocks) for path, blocks in made.items()
    }
    return filled_in | {scorecard_page.PICTURE: scorecard_page.picture()}


def filled(text: str, blocks: Mapping[str, Iterable[str]]) -> str:
    """Return a page with what stands between each pair of marks replaced.

    Raises
    ------
    ValueError
        If the page lacks the marks of a block, or has marks of which nothing is known.
    """
    marks = re.findall(r"<!-- (\w+): begin -->", text)
    if sorted(marks) != sorted(blocks):
        raise ValueError(f"the page has marks for {marks}, what is made is {list(blocks)}")
    for name, lines in blocks.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n" + "\n".join(lines).rstrip() + f"\n{end}{after}"
    return text


def card(stage: str, table: Table) -> dict[str, Iterable[str]]:
    """Return the tables of a stage's card: its records, its scores, its sources."""
    used = records_of(stage)
    order = ("miss", "near", "within")
    by_verdict = sorted(
        scorecard_page.scores()[stage], key=lambda score: order.index(score.verdict)
    )
    return {
        "records": records_block(used, table),
        "scores": table(
            ("quantity", "model", "published", "kind", "verdict"),
            ((*scorecard_page.score_row(score), WORDS[score.verdict]) for score in by_verdict),
        ),
        "sources": sources_block(used),
    }


def records_of(stage: str) -> dict[str, Record]:
    """Return the records that the laws of a stage use, by id."""
    facts = catalogue()
    reading = Reading(facts)
    for kind in STAGES[stage]:
        reading.fill(kind)
    return {key: facts.record(key) for key in sorted(reading.used)}


def records_block(used: Mapping[str, Record], table: Table) -> Iterator[str]:
    """Yield how many numbers are of which kind, and then which they are."""
    spread = sum(record.spread is not None for record in used.values())
    unseen = sum(record.access in {"recalled", "seen_secondary"} for record in used.values())
    yield (
        f"{len(used)} records of [the catalogue](../catalogue.md): {spread} carry a spread that is "
        f"sampled, {unseen} were recalled or read in somebody else's account.\n"
    )
    by_kind = {kind: [key for key, record in used.items() if record.kind == kind] for kind in KINDS}
    yield from table(
        ("kind", "what it means", "records"),
        ((kind, KINDS[kind], str(len(keys))) for kind, keys in by_kind.items()),
    )
    for kind, keys in by_kind.items():
        if keys:
            yield f"*{kind.capitalize()}*. {'; '.join(by_section(keys))}.\n"


def by_section(keys: Iterable[str]) -> Iterator[str]:
    """Yield each section of the catalogue with those of some ids that lie in it."""
    parts = sorted(key.partition(".")[::2] for key in keys)
    for section in sorted({section for section, _ in parts}):
        yield f"`{section}`: " + ", ".join(name for where, name in parts if where == section)


def sources_block(used: Mapping[str, Record]) -> Iterator[str]:
    """Yield the sources of the records, with how many each gave."""
    facts = catalogue()
    keys = [record.source for record in used.values()]
    for key in sorted(set(keys), key=lambda one: (-keys.count(one), one)):
        source = facts.sources[key]
        year = f" ({source.year})" if source.year else ""
        yield f"- {source.title}{year}: {keys.count(key)}"
