"""Which harms there are, and who counted them: a passive reporter or a trial that asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Literal

from trephine.catalogue.cohorts import checked, cohorts, files, read
from trephine.catalogue.effects import Effects, Harm, effects
from trephine.catalogue.printed import Frozen
from trephine.core.errors import CatalogueError, did_you_mean

FOLDER = "safety"

Severity = Literal["fatal", "serious", "moderate", "minor", "any"]
"""How grave an event is, the gravest first; ``any`` holds events of every sort."""
Reporter = Literal["survey", "registry", "series", "trial"]

REPORTERS: Mapping[Reporter, str] = MappingProxyType(
    {
        "survey": "a survey by post of what colleagues remember",
        "registry": "a registry, to which patients and clinics report of themselves",
        "series": "a clinic that wrote down the complications of its own patients",
        "trial": "a study that asks every patient at every visit",
    }
)
"""Who counts, from the most passive to the most active."""

ASKS: frozenset[Reporter] = frozenset({"trial"})
"""Reporters that ask; all others wait to be told."""


class Event(Frozen):
    """Something bad that may come with a harvest or an injection.

    Parameters
    ----------
    about
        What it is, in words for a patient.
    of
        Whether it counts for each harvest of marrow, for each procedure of harvest and injection,
        for each bone graft, or once for the patient.
    severity
        In words.
    found
        How it comes to light: ``by asking`` (passing complaints), ``anyway`` (what is serious is
        told by itself) or ``by measuring``.
    bleeding
        Whether it is a bleeding, so that what makes a person bleed makes it likelier.
    as_printed
        Whether each count is told by itself, as it was printed: too few or of people too unlike to
        set a rate, and too grave to be left out.
    sites
        Words for the sites that it belongs to; all where there are none.
    when
        When it comes or how long it lasts, in words, where known.
    note
        What a reader must know of the number.
    """

    about: str
    of: Literal["harvest", "procedure", "graft", "patient"]
    severity: Severity
    found: Literal["by asking", "anyway", "by measuring"]
    bleeding: bool = False
    as_printed: bool = False
    sites: tuple[str, ...] = ()
    when: str = ""
    note: str = ""


class Report(Frozen):
    """Who counted a published harm, and of which event it is a count.

    Parameters
    ----------
    event
        Name of the event.
    reporter
        Who counted.
    """

    event: str
    reporter: Reporter


@dataclass(frozen=True)
class Counted:
    """A published count of an event; the total is None where the source tells none.

    Parameters
    ----------
    name
        Name of the harm among the published effects.
    event, reporter
        Of what, and by whom.
    events, total
        Counts; where a source prints a share alone, the count that it is the share of.
    harm
        The harm as printed.
    """

    name: str
    event: str
    reporter: Reporter
    events: int
    total: int | None
    harm: Harm

    @property
    def asks(self) -> bool:
        """Whether the reporter asked every patient."""
        return self.reporter in ASKS

    @property
    def sentence(self) -> str:
        """The count as printed, and in whom."""
        among = "" if self.total is None else f" of {self.total:,}"
        untold = "; of how many patients is not told" if self.total is None else ""
        return f"{self.events}{among} ({self.harm.population}){untold}"


class PrintedHarm(Frozen):
    """Where a study prints how often an operation had complications, and no count.

    Parameters
    ----------
    study, arm, endpoint
        Names among the published studies.
    """

    study: str
    arm: str
    endpoint: str

    @property
    def sentence(self) -> str:
        """What was printed, in whom, and that no rate follows from it."""
        study = cohorts()[self.study]
        arm = study.arms[self.arm]
        what = arm.endpoints[self.endpoint]
        return (
            f"{arm.label[:1].upper()}{arm.label[1:]}: {what.value} had complications in "
            f"{study.population} ({self.study}: {study.design}); of how many is not told, so no "
            "rate follows from it."
        )


@dataclass(frozen=True)
class Safety:
    """Events by name, every count of one, and what is printed of operations as a share alone."""

    events: Mapping[str, Event]
    counts: tuple[Counted, ...]
    printed: Mapping[str, PrintedHarm] = field(default_factory=dict)

    def printed_counts(self, event: str) -> tuple[Counted, ...]:
        """Return the counts of an event that are told as printed and set no rate."""
        if not self.events[event].as_printed:
            return ()
        return tuple(c for c in self.counts if c.event == event)

    def counted(self, event: str, *, asks: bool) -> tuple[Counted, ...]:
        """Return the counts of an event that may set a rate, of one sort of reporter alone.

        What a passive reporter counted is never among those of a trial that asks, nor the other
        way round; what the evidence holds out, or cites for context, is in neither.
        """
        return tuple(
            c
            for c in self.counts
            if c.event == event
            and c.asks == asks
            and c.harm.role == "calibrate"
            and not self.events[event].as_printed
        )


@cache
def safety() -> Safety:
    """Return the events and counts that ship with the program.

    Raises
    ------
    CatalogueError
        If a data file is malformed, or names an unknown event or harm.
    """
    tables = {name: read(entry, f"{FOLDER}/{name}.toml") for name, entry in files(FOLDER)}
    return put_together(tables, effects())


def put_together(tables: Mapping[str, Mapping[str, object]], published: Effects) -> Safety:
    """Return events and counts from plain tables and the published harms."""
    events = {
        key: checked(Event, value, f"{FOLDER}/events.toml: {key}")
        for key, value in tables["events"].items()
    }
    counts = []
    for key, value in tables["reports"].items():
        place = f"{FOLDER}/reports.toml: {key}"
        report = checked(Report, value, place)
        if report.event not in events:
            raise CatalogueError(
                f"{place}: no event '{report.event}'; {did_you_mean(report.event, events)}"
            )
        if key not in published.harms:
            raise CatalogueError(f"{place}: no such harm; {did_you_mean(key, published.harms)}")
        harm = published.harms[key]
        if harm.total is None and not events[report.event].as_printed:
            raise CatalogueError(f"{place}: the source tells no total, so there is no rate")
        counts.append(
            Counted(key, report.event, report.reporter, _events(harm, place), harm.total, harm)
        )
    return Safety(
        MappingProxyType(events),
        tuple(counts),
        MappingProxyType(
            {key: _printed(key, value) for key, value in tables.get("printed", {}).items()}
        ),
    )


def _printed(key: str, value: object) -> PrintedHarm:
    place = f"{FOLDER}/printed.toml: {key}"
    told = checked(PrintedHarm, value, place)
    study = cohorts().get(told.study)
    arm = None if study is None else study.arms.get(told.arm)
    if arm is None or told.endpoint not in arm.endpoints:
        raise CatalogueError(f"{place}: no such study, arm or endpoint")
    return told


def _events(harm: Harm, place: str) -> int:
    """Return the count behind a harm: as printed, or the whole number its share is of."""
    if harm.events is not None:
        return harm.events
    if harm.printed is None or harm.total is None or harm.unit != "%":
        raise CatalogueError(f"{place}: neither a count nor a share of a total")
    return round(harm.printed * harm.total / 100)
