"""Owns the tables of a report: parameters with their sources, budgets, provenance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from trephine.case.course_run import CourseRun
from trephine.case.run import Run
from trephine.catalogue.load import Catalogue, catalogue
from trephine.catalogue.records import Record, Spread
from trephine.core import digest
from trephine.core.types import Budget
from trephine.core.units import base_factor
from trephine.report.words import NO_BREAK, TIMES, count, key_words, measure, new_bone, rounded

ACCESS = {
    "seen": "seen in the source",
    "seen_secondary": "seen in another's account",
    "recalled": "recalled",
    "derived": "computed",
    "chosen": "chosen",
}


@dataclass(frozen=True)
class Row:
    """One parameter, every cell as text."""

    identifier: str
    about: str
    value: str
    printed: str
    spread: str
    kind: str
    source: str
    address: str
    where: str
    access: str
    role: str
    doubts: str
    standing: str


@dataclass(frozen=True)
class Section:
    """The parameters of one section of the catalogue."""

    name: str
    rows: list[Row]


def unit_words(unit: str) -> str:
    """Return a unit of the catalogue as people write it."""
    if unit == "1":
        return ""
    return unit.replace("^2", "²").replace("^3", "³").replace("**", "^").replace("*", "·")


def number_words(value: float, unit: str) -> str:
    """Return a number with its unit, all the figures that were printed."""
    return f"{rounded(value, 6)}{NO_BREAK}{unit_words(unit)}".rstrip(NO_BREAK)


def spread_words(spread: Spread | None, unit: str) -> str:
    """Return a spread in words."""
    if spread is None:
        return "none stated"
    if spread.law == "normal" and spread.sd is not None:
        return f"± {number_words(spread.sd, unit)}"
    if spread.law == "lognormal" and spread.sd is not None:
        return f"lognormal, sd {rounded(spread.sd)} of the logarithm"
    low, high = rounded(spread.low or 0.0), number_words(spread.high or 0.0, unit)
    return f"{low} to {high}" + (", uniform" if spread.law == "uniform" else "")


def used_value(record: Record, used: float) -> float:
    """Return the number a run used, in the unit of its record.

    Parameters
    ----------
    record
        The record.
    used
        The number in SI, printed or sampled.
    """
    return used / base_factor(record.unit)


def parameters(run: CourseRun, facts: Catalogue | None = None) -> list[Section]:
    """Return every parameter a run used, by section of the catalogue.

    A record that the catalogue lost since the run is listed by its id, with its number in SI.
    """
    facts = facts or catalogue()
    found = standings(run.used, run.provisional, facts)
    rows = [_row(facts, key, value, found[key]) for key, value in sorted(run.used.items())]
    return [
        Section(key_words(name), list(group))
        for name, group in groupby(rows, key=lambda row: row.identifier.split(".")[0])
    ]


def standings(
    used: Iterable[str], provisional: Iterable[str], facts: Catalogue | None = None
) -> dict[str, str]:
    """Return of every number a run used whether it is confirmed, chosen or provisional.

    Parameters
    ----------
    used, provisional
        Ids of the records used, and of those that no second reader had confirmed by then. A
        record that the catalogue lost since counts as provisional.
    facts
        The catalogue, where not that of the program.
    """
    facts, used = facts or catalogue(), set(used)
    unread = set(provisional) | (used - set(facts.records))
    return {
        key: "chosen" if key in facts.chosen else "provisional" if key in unread else "confirmed"
        for key in sorted(used)
    }


def _row(facts: Catalogue, key: str, used: float, standing: str) -> Row:
    record = facts.records.get(key)
    if record is None:
        return _lost(key, used, standing)
    source = facts.sources[record.source]
    value = used_value(record, used)
    same = abs(value - record.printed) <= 1e-9 * max(abs(value), abs(record.printed))
    printed = number_words(record.printed, record.unit)
    year = "" if source.year is None else f" ({source.year})"
    return Row(
        identifier=key,
        about=record.about,
        value=printed if same else number_words(value, record.unit),
        printed="" if same else printed,
        spread=spread_words(record.spread, record.unit),
        kind=record.kind,
        source=f"{source.title}{year}",
        address=source.where,
        where=record.where,
        access=ACCESS[record.access],
        role=record.role,
        doubts=record.doubts,
        standing=standing,
    )


def _lost(key: str, used: float, standing: str) -> Row:
    return Row(
        identifier=key,
        about="A record that the catalogue no longer has",
        value=f"{rounded(used, 6)} in SI",
        printed="",
        spread="not known",
        kind="not known",
        source="not known",
        address="",
        where="",
        access="not known",
        role="not known",
        doubts="",
        standing=standing,
    )


def another_catalogue(run: CourseRun, facts: Catalogue | None = None) -> str:
    """Return what a reader must be told when the catalogue changed since the run, or nothing."""
    now = (facts or catalogue()).digest
    if now == run.provenance.catalogue_digest:
        return ""
    return (
        f"The run used catalogue {run.provenance.catalogue_digest}; the sources and spreads on "
        f"this page come from catalogue {now}. The numbers used are those of the run."
    )


@dataclass(frozen=True)
class BudgetRow:
    """One budget, its two sides as text."""

    stage: str
    quantity: str
    incoming: list[tuple[str, str]]
    outgoing: list[tuple[str, str]]
    imbalance: str
    is_closed: bool


def budgets(run: Run) -> list[BudgetRow]:
    """Return every budget of a run with its two sides and what they differ by."""
    rows = []
    for number, treatment in enumerate(run.treatments, start=1):
        for step, product in (
            ("harvest", treatment.aspirate),
            ("processing", treatment.concentrate),
            ("delivery", treatment.graft),
        ):
            stage = f"Injection {number}, {step}"
            rows += [_budget(stage, budget) for budget in product.budgets]
    return rows + [_budget("Healing", budget) for budget in run.course.budgets]


def amount_words(value: float, unit: str) -> str:
    """Return an amount of a budget; cells are counted one by one, whatever the unit.

    Less than a hundredth of a millilitre or of a cell reads as just that.
    """
    if unit == "m^3":
        return new_bone(value) if 0 < value < 1e-8 else measure(value, "m^3", "mL", 4)
    each = {"1": 1.0, "1e6 cells": 1e6}.get(unit)
    if each is None:
        return f"{rounded(value, 4)}{NO_BREAK}{unit_words(unit)}"
    return f"<{NO_BREAK}0.01" if 0 < value * each < 0.01 else count(value * each)


def _budget(stage: str, budget: Budget) -> BudgetRow:
    def side(amounts: dict[str, float]) -> list[tuple[str, str]]:
        told = sorted(amounts.items(), key=lambda item: -abs(item[1]))
        return [(name, amount_words(v, budget.unit)) for name, v in told if v != 0.0]

    return BudgetRow(
        stage=stage,
        quantity=key_words(budget.quantity),
        incoming=side(dict(budget.incoming)),
        outgoing=side(dict(budget.outgoing)),
        imbalance=rounded(budget.imbalance, 2),
        is_closed=budget.closes(),
    )


def run_digest(run: CourseRun) -> str:
    """Return the content name of what made a run: case, settings, numbers, site, seed, program."""
    made = run.provenance
    return digest.of_document(
        [
            made.version,
            made.case_digest,
            made.settings_digest,
            made.beliefs_digest,
            made.anatomy_digest,
            made.catalogue_digest,
            made.seed,
        ]
    )


def provenance(run: CourseRun) -> list[tuple[str, str]]:
    """Return program, machine, digests, seed and settings, name and value."""
    made = run.provenance
    rows = [
        ("Run", run_digest(run)),
        ("trephine", made.version),
        ("Seed", str(made.seed)),
        ("Case", made.case_digest),
        ("Settings", made.settings_digest),
        ("Catalogue", made.catalogue_digest),
        ("Parameters", made.beliefs_digest),
        ("Anatomy", made.anatomy_digest),
        ("Python", made.python),
        ("Machine", made.platform),
    ]
    rows += sorted(made.libraries.items())
    if isinstance(run, Run):
        if run.case.site.scan is not None:
            rows.append(("Scan", run.case.site.scan.source))
        nx, ny, nz = run.anatomy.grid.shape
        rows.append(("Grid", f"{nx} {TIMES} {ny} {TIMES} {nz} voxels"))
    return rows + [
        (key_words(key).capitalize(), str(value))
        for key, value in run.settings.as_written().items()
    ]
