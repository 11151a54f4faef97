"""Simulation-based ranks: where the truth lies among the draws says whether a fit is too sure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from made_calibration import SOME, trials
from trephine.models.discrepancy import DiscrepancyParameters
from trephine.study.importance import sampled
from trephine.study.likelihood import Expected, log_likelihood
from trephine.study.targets import Target, targets

Array = NDArray[np.float64]
FOUND = {one.identifier: one for one in targets(trials(*SOME, "chang-gap-above-3"))[0]}
SHARE = FOUND["Hernigou2005.all.union"]
TIME = FOUND["Chang_femurgap.gap_above_3.time_to_union"]
DOSE = FOUND["Hernigou2005.united.progenitors"]
P = DiscrepancyParameters(share=0.3, time=0.1, dose=0.1)
LABORATORY = 0.2
REPEATS = 40
MANY = 1e9
SPREADS = (0.0, 3.0, 15_000.0)
"""Standard deviations of single patients in weeks and cells."""

Sure = Callable[[Array], Array]


def means(z: Array) -> Array:
    """Return what three numbers let one share, one time and one dose expect, (3, sample)."""
    return np.stack(
        [expit(0.5 + z[:, 0]), 14.0 * np.exp(0.3 * z[:, 1]), 5e4 * np.exp(0.5 * z[:, 2])]
    )


def expected(z: Array) -> list[Expected]:
    return [
        Expected(mean, np.full(len(z), spread**2), np.full(len(z), MANY))
        for mean, spread in zip(means(z), SPREADS, strict=True)
    ]


def made_up(truth: Array, rng: np.random.Generator) -> list[Target]:
    """Return targets drawn by the laws that the likelihood states."""
    share, time, dose = means(truth[None])[:, 0]
    e = rng.standard_normal(5)
    united = rng.binomial(SHARE.n, expit(logit(share) + P.share * e[0]))
    weeks = time + np.hypot(P.time * time, SPREADS[1] / np.sqrt(TIME.n)) * e[1]
    own = np.hypot(P.dose, SPREADS[2] / dose / np.sqrt(DOSE.n))
    cells = dose * np.exp(own * e[2] + LABORATORY * e[3])
    return [
        replace(SHARE, value=float(united)),
        replace(TIME, value=float(weeks), spread=SPREADS[1], rounded=0.0),
        replace(DOSE, value=float(cells), spread=None),
    ]


@cache
def scores(times: float) -> Array:
    """Return normal scores of the truths among draws, with a likelihood to a power, (repeat, 3)."""
    found = []
    for repeat in range(REPEATS):
        rng = np.random.default_rng(repeat)
        truth = rng.standard_normal(3)
        told = made_up(truth, rng)

        def likelihood(z: Array, told: list[Target] = told) -> Array:
            return np.asarray(times * log_likelihood(told, expected(z), P, LABORATORY))

        law = sampled(likelihood, 3, rng, first=256, each=192, rounds=1)
        below = (law.points < truth).T @ law.weights
        found.append(ndtri(np.clip(below, 1e-3, 1.0 - 1e-3)))
    return np.array(found)


def size(found: Array) -> Array:
    return np.asarray(np.sqrt((found**2).mean(axis=0)))


def test_truths_lie_anywhere_among_the_draws() -> None:
    assert size(scores(1.0)) == pytest.approx(np.ones(3), abs=0.35)
    assert scores(1.0).mean(axis=0) == pytest.approx(np.zeros(3), abs=0.55)


def test_the_check_rejects_a_likelihood_that_takes_one_patient_for_four() -> None:
    assert (size(scores(4.0)) > 1.4).all()
