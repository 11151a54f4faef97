"""Baseline risk of virtual patients: what an additive score expects of them, without the engine."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.models.reading import Reading
from trephine.models.risk_scores import (
    RiskScores,
    Score,
    ScoreName,
    band,
    bands,
    points,
    risk,
    score_named,
    wanted,
)
from trephine.study.cells import Group, Key
from trephine.study.outcomes import Pool
from trephine.study.patients import Features, patient

WEEK = 7 * 86400.0


def baseline_risk(drawn: Features, score: ScoreName) -> NDArray[np.float64]:
    """Return the risk that a score gives each patient, (sample,) [-].

    Parameters
    ----------
    drawn
        Patients, with a law for each ``fact.*`` that the score counts.
    score
        ``nurd``, the risk of non-union of a nailed tibia, or ``bhandari``, that of reoperation
        within a year.

    Raises
    ------
    InputError
        If a fact is missing; every one at once.
    """
    p = _score(score)
    return risk(_points(drawn, p), p)


def mix(drawn: Features, score: ScoreName) -> Mapping[str, float]:
    """Return the share of the patients in each band of a score, from the lowest up [-]."""
    p = _score(score)
    counts = np.bincount(band(_points(drawn, p), p), minlength=len(p.risk))
    return dict(zip(bands(p), (counts / drawn.count).tolist(), strict=True))


def befalls(drawn: Features, risks: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whom it befalls, by luck that is each patient's own, (sample,).

    Parameters
    ----------
    drawn
        Patients.
    risks
        Risk of each, (sample,) [-]; the same luck serves every arm.
    """
    return drawn.streams.named("baseline").random(drawn.count) < risks


def treated(score: ScoreName, people: Mapping[Key, Group]) -> dict[Key, Pool]:
    """Return the patients of whom a score of risk tells who unites by the last visit."""
    pools = {}
    for key, group in people.items():
        plan = patient(group.population, group.drawn[0], 0, group.arm.plan).plan
        week = np.array([0.0, plan.follow_up.duration / WEEK])
        befallen = [befalls(d, baseline_risk(d, score)) for d in group.drawn]
        count = sum(d.count for d in group.drawn)
        pools[key] = Pool.seen(
            week,
            np.where(np.concatenate(befallen), np.inf, week[-1]),
            series=MappingProxyType({}),
            dose=MappingProxyType({}),
            lost_at=np.concatenate([d.lost_at for d in group.drawn]) / WEEK,
            missed=np.zeros((count, 2), dtype=bool),
            replicate=np.repeat(np.arange(len(group.drawn)), [d.count for d in group.drawn]),
        )
    return pools


def _score(name: str) -> Score:
    return score_named(name, Reading(catalogue()).fill(RiskScores))


def _points(drawn: Features, p: Score) -> NDArray[np.float64]:
    facts = {}
    for name in wanted(p):
        if f"fact.{name}" in drawn.values:
            facts[name] = drawn.values[f"fact.{name}"]
    if "male" in p.points:  # the one fact that every case holds
        if "fact.male" in drawn.values:
            raise InputError("fact.male: the case holds it; give patient.sex a law instead")
        facts["male"] = drawn["patient.sex"] == "male"
    return points(facts, p)
