"""The scorecard and the model cards: prose by hand, their tables from scores and catalogue."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

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
    made = {DOCS / "scorecard.md": scorecard(table)}
    for stage in STAGES:
        made[DOCS / "reference" / "cards" / f"{stage}.md"] = card(stage, table)
    return {path: filled(path.read_text(encoding="utf-8"), blocks) for path, blocks in made.items()}


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


def scores() -> Mapping[str, tuple[Any, ...]]:
    """Return the scores of each stage, from the module that the tests share."""
    if str(VALIDATION) not in sys.path:
        sys.path.append(str(VALIDATION))
    found: Mapping[str, tuple[Any, ...]] = importlib.import_module("cell_scores").STAGES
    return found


def scorecard(table: Table) -> dict[str, Iterable[str]]:
    """Return the tables of the scorecard."""
    by_stage = scores()
    blocks: dict[str, Iterable[str]] = {"glance": glance(by_stage, table)}
    head = ("stage", "quantity", "model", "published", "kind", "source")
    for verdict, name in (("near", "near"), ("within", "within")):
        blocks[name] = table(head, (row[:6] for row in rows(by_stage, verdict)))
    blocks["misses"] = table((*head, "why"), rows(by_stage, "miss"))
    return blocks


def glance(by_stage: Mapping[str, tuple[Any, ...]], table: Table) -> Iterator[str]:
    """Yield how many quantities of each stage came out how, tests and fits apart."""

    def counted(some: Iterable[Any], verdict: str) -> str:
        hits = [score for score in some if score.verdict == verdict]
        fits = sum(score.fit for score in hits)
        return f"{len(hits) - fits} + {fits}"

    every = [score for some in by_stage.values() for score in some]
    lines = [*by_stage.items(), ("all", every)]
    yield "Tests + fits:\n"
    yield from table(
        ("stage", "miss", "near", "within"),
        ((stage, *(counted(some, v) for v in ("miss", "near", "within"))) for stage, some in lines),
    )


def rows(by_stage: Mapping[str, tuple[Any, ...]], verdict: str) -> Iterator[tuple[str, ...]]:
    """Yield a row for each score of a verdict, tests before fits."""
    for stage, some in by_stage.items():
        for score in sorted(some, key=lambda one: one.fit):
            if score.verdict == verdict:
                yield (stage, *score_row(score), score.source, score.why)


def score_row(score: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return quantity, model, published range and kind of a score."""
    low, high = score.published
    published = number(low) if low == high else f"{number(low)} to {number(high)}"
    return score.quantity, number(score.model), published, "fit" if score.fit else "test"


def number(value: float) -> str:
    """Return a number in three figures, without an exponent below ten million."""
    if value >= 1e6:
        return f"{value / 1e6:.3g} million"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def card(stage: str, table: Table) -> dict[str, Iterable[str]]:
    """Return the tables of a stage's card: its records, its scores, its sources."""
    used = records_of(stage)
    order = ("miss", "near", "within")
    by_verdict = sorted(scores()[stage], key=lambda score: order.index(score.verdict))
    return {
        "records": records_block(used, table),
        "scores": table(
            ("quantity", "model", "published", "kind", "verdict"),
            ((*score_row(score), WORDS[score.verdict]) for score in by_verdict),
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
