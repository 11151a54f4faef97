"""The rules of aftercare: what a patient is told, when it applies, and on what grounds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from string import Formatter
from types import MappingProxyType
from typing import Any, Literal, Self

from pydantic import model_validator

from trephine.catalogue.cohorts import checked, files, read
from trephine.catalogue.evidence_grade import Founded, check_sources
from trephine.catalogue.load import catalogue

FOLDER = "aftercare"

Phase = Literal["before", "day", "alarm", "first_days", "weeks", "visits"]

PHASES: Mapping[Phase, str] = MappingProxyType(
    {
        "before": "Before the procedure",
        "day": "The day of the procedure",
        "alarm": "When to call at once",
        "first_days": "The first days",
        "weeks": "The weeks after",
        "visits": "Visits and later",
    }
)
"""Parts of the sheet in their order."""

FACTS = frozenset(
    {
        "shaft", "femoral_head", "regenerate", "joint", "disc", "tendon", "bursa", "knee",
        "bone_site", "soft_site", "marrow_harvest", "iliac_harvest", "cells", "repeated",
        "loading", "nsaid_planned", "core_decompression", "corticosteroid_injection", "smoker",
        "diabetes", "anticoagulated", "injected", "bone_taken", "fresh", "operated", "treated",
    }
)  # fmt: skip
"""What a rule may ask of a case; :mod:`trephine.study.case_facts` tells which hold."""

WORDS = frozenset(
    {
        "any_told", "any_asked", "site_pain_asked", "effusion_asked", "death_printed",
        "haemorrhage_printed",
    }
)  # fmt: skip
"""What a text may leave open, for a number of the plan."""


class Rule(Founded):
    """A line of the sheet.

    Parameters
    ----------
    phase
        Part of the sheet.
    when, unless
        Facts that must all hold, and of which none may.
    anchor
        Of which day of the plan the line tells: the harvests, the grafts, the injections, the
        operations, any of these, or day 0.
    days
        First and last day after it; none for what has no date.
    """

    phase: Phase
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    anchor: Literal["start", "harvest", "graft", "injection", "operation", "any"] = "injection"
    days: tuple[int, int] | None = None

    @model_validator(mode="after")
    def _asks_what_is_known(self) -> Self:
        unknown = {*self.when, *self.unless} - FACTS
        if unknown:
            raise ValueError(f"unknown facts: {', '.join(sorted(unknown))}")
        left = {name for _, name, _, _ in Formatter().parse(self.text) if name is not None}
        if left - WORDS:
            raise ValueError(f"nothing fills {', '.join(sorted(left - WORDS))}")
        if self.days is not None and self.days[0] > self.days[1]:
            raise ValueError("the first day must not be after the last")
        return self

    def holds(self, facts: frozenset[str]) -> bool:
        """Return whether the rule applies where some facts hold."""
        return set(self.when) <= facts and not set(self.unless) & facts


@cache
def rules() -> Mapping[str, Rule]:
    """Return the rules that ship with the program, in the order of the sheet.

    Raises
    ------
    CatalogueError
        If the data file is malformed, or a rule names an unknown source, or none.
    """
    found: dict[str, Any] = {}
    for name, entry in files(FOLDER):
        found.update(parsed(read(entry, f"{FOLDER}/{name}.toml"), f"{FOLDER}/{name}.toml"))
    order = list(PHASES)
    return MappingProxyType(dict(sorted(found.items(), key=lambda e: order.index(e[1].phase))))


def parsed(data: Mapping[str, object], place: str) -> dict[str, Rule]:
    """Return rules from plain data, each with a source that is known or none at all."""
    found = {}
    for key, value in data.items():
        found[key] = checked(Rule, value, f"{place}: {key}")
        check_sources(f"{place}: {key}", found[key], catalogue().sources)
    return found
