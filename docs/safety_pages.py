"""Write the page on harm: pooled rates beside the published counts, and the reporting factor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from trephine.catalogue.load import catalogue
from trephine.catalogue.safety import REPORTERS, Counted, safety
from trephine.models.adverse_events import (
    AdverseEventParameters,
    pooled,
    reporting,
    tallies,
)
from trephine.models.reading import Reading
from trephine.report.words import rounded

Table = Callable[[Iterable[str], Iterable[Iterable[str]]], Iterator[str]]


def pages(made: str, table: Table) -> dict[Path, str]:
    """Return the text of the page by its path below the folder of reference pages."""
    source = "`src/trephine/catalogue/data/safety/` and `effects/harms.toml`"
    return {Path("harms.md"): "\n".join(page(made.format(source=source), table)) + "\n"}


def page(made: str, table: Table) -> Iterator[str]:
    """Yield the lines of the page."""
    p, known = Reading(catalogue()).fill(AdverseEventParameters), safety()
    yield "# Harm: pooled rates beside published\n"
    yield made
    yield (
        "What another clinic would see, in per cent with its 95 % interval, for one harvest or one "
        "procedure ([how](../explanation/safety.md)). A rate is pooled over reporters of one sort "
        "alone; counts with the role *context* set none.\n"
    )
    rows = []
    for name, event in known.events.items():
        for asks in (False, True):
            counts = [c for c in known.counts if c.event == name and c.asks == asks]
            used = known.counted(name, asks=asks)
            rate = "none"
            if used:
                mean, low, high = (rounded(100 * x, 2) for x in pooled(tallies(used), p).of_some())
                rate = f"{mean} ({low} to {high})"
            if counts:
                rows.append((event.about, who(counts), published(counts), rate))
    yield from table(("event", "who counted", "published", "pooled"), rows)
    found = reporting(known, p)
    median, low, high = (rounded(x, 2) for x in found.factor)
    matched = ", ".join(
        f"{known.events[name].about} {rounded(factor, 2)}" for name, factor in found.matched
    )
    yield "## The reporting factor\n"
    yield (
        f"Odds where every patient is asked over odds where one waits to be told: {median} "
        f"({low} to {high}) for an event that only one of the two has counted. Before any count it "
        f"was {rounded(p.reporting_factor, 2)}; events that both have counted: {matched}.\n"
    )
    yield "## Printed as a share alone\n"
    yield "Without a count no rate follows; told as printed, where a plan has that operation.\n"
    yield from (f"- {told.sentence}" for told in known.printed.values())
    yield ""
    yield "## Who counts\n"
    yield from table(("reporter", "what it is"), REPORTERS.items())


def who(counts: list[Counted]) -> str:
    """Return the sorts of reporters of some counts."""
    return ", ".join(dict.fromkeys(c.reporter for c in counts))


def published(counts: list[Counted]) -> str:
    """Return counts as printed, with the role of each that may set no rate."""
    return "; ".join(
        (
            f"{c.events}, of how many is not told"
            if c.total is None
            else f"{c.events} of {c.total} ({rounded(100 * c.events / c.total, 3)} %)"
        )
        + ("" if c.harm.role == "calibrate" else f", {c.harm.role}")
        for c in counts
    )
