"""What a check of measured numbers is: its question, its law, its bounds, and what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from trephine.case.measurement import Measurement
from trephine.core.units import Duration, Fraction, NumberDensity, Positive, Volume
from trephine.models.separation import SeparationParameters

Verdict = Literal["possible", "doubtful", "impossible", "unchecked"]


@dataclass(frozen=True)
class PlausibilityParameters:
    """From where on a number is doubted, or cannot be; each field's record says why."""

    SECTION: ClassVar[str] = "plausibility"

    most_recovered: Positive
    closing: Fraction
    progenitor_count_scatter: Fraction
    prevalence_lowest: Fraction
    prevalence_highest: Fraction
    prevalence_factor: Positive
    native_nucleated: NumberDensity
    drawn_nucleated: NumberDensity
    corpuscle_smallest: Volume
    corpuscle_largest: Volume
    corpuscle_factor: Positive
    carryover_factor: Positive
    longest_hold: Duration
    separation: SeparationParameters


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    check
        What was asked.
    verdict
        ``doubtful``: an error of counting explains it, or nothing published is like it;
        ``impossible``: no error of counting does; ``unchecked``: the numbers it needs are not
        there.
    found, expected
        The numbers in words; for what is unchecked, what is missing.
    places
        Where in the file the numbers stand.
    """

    check: str
    verdict: Verdict
    found: str
    expected: str
    places: tuple[str, ...]


Judgement = tuple[Verdict, str, str]
"""Verdict, what was found, what was expected."""


@dataclass(frozen=True)
class Check:
    """A question, the places of the numbers it needs, and the law that answers from them."""

    name: str
    needs: tuple[str, ...]
    law: Callable[..., Judgement]

    def ask(self, noted: Measurement) -> Finding:
        """Return what the check finds; unchecked where a number is missing or no amount."""
        values = [at(noted, place) for place in self.needs]
        missing = [p for p, value in zip(self.needs, values, strict=True) if value is None]
        if missing:
            return Finding(self.name, "unchecked", "", f"needs {', '.join(missing)}", self.needs)
        below = [
            p
            for p, value in zip(self.needs, values, strict=True)
            if isinstance(value, float) and value < 0.0
        ]
        if below:
            return Finding(self.name, "unchecked", "", f"{', '.join(below)} below zero", self.needs)
        try:
            return Finding(self.name, *self.law(*values), self.needs)
        except ZeroDivisionError:
            return Finding(self.name, "unchecked", "", "it would divide by zero", self.needs)


def at(noted: Measurement, place: str) -> Any:  # noqa: ANN401
    """Return what stands at a place such as ``pool.volume``; None where nothing does."""
    here: Any = noted
    for part in place.split("."):
        here = getattr(here, part, None)
    return here


def rising(value: float, doubtful: float, impossible: float) -> Verdict:
    """Return the verdict on a number that is doubted above one bound and cannot pass another."""
    if value > impossible:
        return "impossible"
    return "doubtful" if value > doubtful else "possible"


def millilitres(volume: float) -> str:
    """Return a volume for a person."""
    return f"{volume * 1e6:.4g} mL"


def per_millilitre(density: float) -> str:
    """Return a number density for a person."""
    count = density * 1e-6
    if count < 1e6:
        return f"{count:,.0f}/mL"
    millions = float(f"{count * 1e-6:.3g}")
    return f"{millions:,.0f} million/mL" if millions >= 1e3 else f"{millions:g} million/mL"


def lasting(time: float) -> str:
    """Return a length of time [s] for a person: minutes below two hours, then hours, then days."""
    for size, word, most in ((60.0, "min", 7200.0), (3600.0, "h", 172800.0)):
        if abs(time) < most:
            return f"{time / size:.3g} {word}"
    return f"{time / 86400.0:.3g} d"
