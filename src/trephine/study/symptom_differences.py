"""How far two plans for one painful site lie apart, draw by draw of the posterior."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from trephine.case.processing import Culture
from trephine.case.symptom_course import ScoreCourse
from trephine.case.symptom_run import SymptomRun
from trephine.catalogue.load import catalogue
from trephine.catalogue.symptom_posterior import symptom_posterior
from trephine.core.rng import Streams
from trephine.models.instruments import INSTRUMENTS
from trephine.models.least_difference import share_who_gain
from trephine.models.reading import Reading
from trephine.models.symptom_given import SITES, given_by
from trephine.models.symptom_group import Given, Luck, group_change
from trephine.models.symptoms import DAY, SymptomLaws, settled

Floats = NDArray[np.float64]

INTERVAL = (0.05, 0.5, 0.95)
"""Quantiles of a difference: the middle, and the ends of the interval of nine tenths."""


def apart(run: SymptomRun, other: SymptomRun) -> Mapping[str, tuple[float, float, float]]:
    """Return how far the scores of one plan's group lie above another's at the last visit.

    Both groups have the same draws of the posterior, the same study and the same luck, so what is
    common to them takes no part in the interval.

    Parameters
    ----------
    run, other
        Courses of one person with one seed.

    Returns
    -------
    Mapping
        Low end, middle and high end by score, in points of its scale; empty where no study gives
        numbers of one of the two, or none dealt it out by chance.
    """
    return {
        score.name: _ends(_at_the_end(run, score) - _at_the_end(other, score))
        for score in _scores(run, other)
    }


def responders_apart(
    run: SymptomRun, other: SymptomRun
) -> Mapping[str, tuple[float, float, float]]:
    """Return how many more of a hundred gain what matters under one plan at the last visit.

    Pairs are those of :func:`apart`, so the interval is narrower than those of the two shares.

    Parameters
    ----------
    run, other
        Courses of one person with one seed.

    Returns
    -------
    Mapping
        Low end, middle and high end by score [percentage points]; empty where no share is told.
    """
    return {
        score.name: _ends(100.0 * (_share(run, score) - _share(other, score)))
        for score in _scores(run, other)
        if score.responders is not None and score.least_difference is not None
    }


def _scores(run: SymptomRun, other: SymptomRun) -> tuple[ScoreCourse, ...]:
    """Return the scores in which two plans can be told apart."""
    own, theirs = run.course.own, other.course.own
    if own is None or theirs is None or not (own.is_compared and theirs.is_compared):
        return ()
    return tuple(own.scores)


def _ends(values: Floats) -> tuple[float, float, float]:
    """Return the low end, the middle and the high end of a difference over its draws."""
    low, middle, high = (float(v) for v in np.quantile(values, INTERVAL))
    return low, middle, high


def _share(run: SymptomRun, score: ScoreCourse) -> Floats:
    """Return the share of people who gain what matters at the last visit, (draw,) [-]."""
    instrument, laws = INSTRUMENTS[score.name], Reading(catalogue()).fill(SymptomLaws)
    if score.least_difference is None:
        raise ValueError("no difference that matters is known")
    points = 100.0 * score.least_difference / (instrument.high - instrument.low)
    day = np.asarray(run.course.day, dtype=np.float64)
    spread = laws.change_sd(instrument.domain) * np.sqrt(
        np.asarray(settled(day, laws.regression_days / DAY))
    )
    burden = instrument.burden(score.baseline)
    return share_who_gain(points, burden, _change(run, score), spread)[:, -1]


def given(run: SymptomRun) -> Given:
    """Return what the plan of a course with evidence gives, and when.

    Raises
    ------
    ValueError
        If no study tells of the plan.
    """
    steps = run.case.plan.injections
    grown = bool(steps) and isinstance(steps[0].process, Culture)
    found = given_by(run.case, run.progenitors[0] if grown else None)
    if found is None or run.course.own is None:
        raise ValueError("no evidence, so nothing to compare")
    return found


def _at_the_end(run: SymptomRun, score: ScoreCourse) -> Floats:
    """Return a group's mean score at the last visit, (draw,)."""
    instrument = INSTRUMENTS[score.name]
    burden = instrument.burden(score.baseline)
    ended = np.clip(burden + _change(run, score)[:, -1], 0.0, 100.0)
    share = 100.0 - ended if instrument.better_is_high else ended
    return np.asarray(instrument.low + (instrument.high - instrument.low) * share / 100.0)


def _change(run: SymptomRun, score: ScoreCourse) -> Floats:
    """Return the change of a group's burden, (draw, time) [points]."""
    instrument = INSTRUMENTS[score.name]
    found, plan = symptom_posterior(), given(run)
    streams = Streams(run.provenance.seed).within("pain")
    return group_change(
        found.draws,
        Reading(catalogue()).fill(SymptomLaws),
        plan,
        site=SITES[run.case.site.kind, run.case.site.at],
        domain=instrument.domain,
        baseline=instrument.burden(score.baseline),
        severity=0.0,
        day=np.asarray(run.course.day, dtype=np.float64),
        luck=Luck(
            study=streams.named("study").normal(size=found.count),
            benefit=streams.named("benefit", plan.product).normal(size=found.count),
            bias=np.zeros(found.count),
        ),
    )
