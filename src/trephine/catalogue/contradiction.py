"""What a contradiction is, and how published outcomes are gone through to find one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from trephine.catalogue.cohorts import Endpoint, Study
from trephine.catalogue.printed import rounding
from trephine.catalogue.vocabulary import Outcome

Strength = Literal["cannot both be", "hard to believe", "studies differ", "may be the same"]

ACTUARIAL = frozenset({Outcome.NO_COLLAPSE, Outcome.HIP_SURVIVAL})
"""Outcomes told as a survival curve, whose share need not be one of whole patients."""
RATIOS = frozenset({"odds ratio", "adjusted odds ratio", "risk ratio", "hazard ratio"})
"""Measures whose intervals are even on a logarithmic scale."""


@dataclass(frozen=True)
class Contradiction:
    """Two things in print that do not go together.

    Parameters
    ----------
    check
        Name of the check that found it.
    strength
        How hard it is.
    first, second
        The two places: ids of values, arms or studies, with the table where it is another.
    why
        What does not fit, in words, with the numbers.
    """

    check: str
    strength: Strength
    first: str
    second: str
    why: str


def agrees(share: float, printed: float) -> bool:
    """Return whether a share is a printed percentage before rounding."""
    return abs(share - printed) <= rounding(printed) + 1e-9


def each(studies: Mapping[str, Study]) -> Iterator[tuple[str, str, str, Endpoint]]:
    """Yield every outcome with the names of study and arm and its id."""
    for name, study in studies.items():
        for arm, entry in study.arms.items():
            for key, e in entry.endpoints.items():
                yield name, arm, f"{name}.{arm}.{key}", e
