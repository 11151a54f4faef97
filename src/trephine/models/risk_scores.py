"""Baseline risk of a fractured tibia by additive scores: points by fact, risk by band of points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from trephine.core.errors import InputError, Problem, did_you_mean
from trephine.core.units import Unit

Values = NDArray[Any]
Points = Annotated[Mapping[str, float], Unit("1", "1")]
Shares = Annotated[Mapping[str, float], Unit("1", "1", ge=0, le=1)]
ScoreName = Literal["nurd", "bhandari"]

OUTCOMES: Mapping[ScoreName, str] = {"nurd": "nonunion", "bhandari": "reoperation"}
"""What each score tells the risk of, by the standard name of published outcomes."""
CLASSES = "asa"
"""Fact that holds the class of the American Society of Anesthesiologists."""
CONTACT = "cortical_contact"
"""Fact that holds the share of the cortex in contact after fixation."""


@dataclass(frozen=True)
class ContactParameters:
    """Shares of cortical contact that the score knows, and the points of each."""

    SECTION: ClassVar[str] = "risk_scores.nurd.contact"

    share: Shares
    points: Points


@dataclass(frozen=True)
class NurdParameters:
    """Points of the NURD score for non-union of a nailed tibia, and its risks [OHalloran2016].

    ``least`` names the points from which each band but the lowest begins.
    """

    SECTION: ClassVar[str] = "risk_scores.nurd"

    points: Points
    asa: Points
    contact: ContactParameters
    least: Points
    risk: Shares


@dataclass(frozen=True)
class BhandariParameters:
    """The three factors of reoperation of an operated tibia within a year [Bhandari2003]."""

    SECTION: ClassVar[str] = "risk_scores.bhandari"

    points: Points
    least: Points
    risk: Shares


@dataclass(frozen=True)
class RiskScores:
    """All scores by name."""

    SECTION: ClassVar[str] = "risk_scores"

    nurd: NurdParameters
    bhandari: BhandariParameters


Score = NurdParameters | BhandariParameters


def wanted(p: Score) -> list[str]:
    """Return the names of the facts that a score counts."""
    more = [CLASSES, CONTACT] if isinstance(p, NurdParameters) else []
    return [*p.points, *more]


def points(facts: Mapping[str, Values], p: Score) -> NDArray[np.float64]:
    r"""Return the points of patients.

    .. math:: P = \sum_i p_i\,x_i\ (+\ p_\mathrm{ASA} + p_\mathrm{contact}\ \text{for NURD})

    Parameters
    ----------
    facts
        By name, each (sample,): yes or no; ``asa`` the class, 1, 2 or 3; ``cortical_contact`` the
        share in contact, one of those that the score knows [-].
    p
        The score.

    Returns
    -------
    NDArray
        (sample,) [-].

    Raises
    ------
    InputError
        If a fact is missing or not one that the score has points for; every problem at once.
    """
    problems = [
        Problem(f"fact.{name}", "the score counts it; give it a law")
        for name in wanted(p)
        if name not in facts
    ]
    problems += [
        Problem(f"fact.{name}", "must be true or false: write a share")
        for name in p.points
        if name in facts and facts[name].dtype != bool
    ]
    found: list[Values] = []
    if not problems:
        found = [weight * facts[name] for name, weight in p.points.items()]
        if isinstance(p, NurdParameters):
            classes = {float(key.removeprefix("class_")): v for key, v in p.asa.items()}
            shares = {p.contact.share[key]: v for key, v in p.contact.points.items()}
            for name, table in ((CLASSES, classes), (CONTACT, shares)):
                try:
                    found.append(_looked_up(facts[name], table))
                except ValueError as error:
                    problems.append(Problem(f"fact.{name}", str(error)))
    if problems:
        raise InputError("the score cannot be counted", problems)
    total: NDArray[np.float64] = np.sum(np.broadcast_arrays(*found), axis=0, dtype=float)
    return total


def _looked_up(values: Values, table: Mapping[float, float]) -> Values:
    """Return the points of values that a table knows, (sample,)."""
    keys = np.array(sorted(table))
    known = ", ".join(f"{key:g}" for key in keys)
    if values.dtype.kind not in "if":
        raise ValueError(f"must be a number; known: {known}")
    at = np.clip(np.searchsorted(keys, values), 0, len(keys) - 1)
    if wrong := sorted({float(v) for v in values[keys[at] != values]}):
        raise ValueError(f"has no points for {wrong[0]:g}; known: {known}")
    return np.array([table[key] for key in keys])[at]


def band(score: Values, p: Score) -> NDArray[np.intp]:
    """Return the number of the band of points, from 0 for the lowest risk, (sample,)."""
    return np.asarray(np.searchsorted(sorted(p.least.values()), score, side="right"))


def bands(p: Score) -> list[str]:
    """Return the names of the bands, from the lowest points up."""
    (lowest,) = set(p.risk) - set(p.least)
    return [lowest, *sorted(p.least, key=lambda name: p.least[name])]


def risk(score: Values, p: Score) -> NDArray[np.float64]:
    """Return the printed risk of each patient's band, (sample,) [-].

    The risk is that of a whole band in the series that the score came from. Nothing is multiplied:
    odds ratios of single factors hold with all else equal, which no series of patients is.

    Parameters
    ----------
    score
        Points, (sample,) [-].
    p
        The score.
    """
    by_band: NDArray[np.float64] = np.array([p.risk[name] for name in bands(p)])[band(score, p)]
    return by_band


def score_named(name: str, scores: RiskScores) -> Score:
    """Return a score, or raise InputError that names the nearest known one."""
    if name not in OUTCOMES:
        raise InputError(f"there is no score '{name}'; {did_you_mean(name, OUTCOMES)}")
    found: Score = getattr(scores, name)
    return found
