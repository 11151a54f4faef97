"""Owns how the emulator learns: what large weights cost, and what is left over on runs left out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trephine.core.rng import Streams
from trephine.study.coordinates import coordinates
from trephine.study.courses import Runs
from trephine.study.designed import WEEKS
from trephine.study.network import MEMBERS, STEPS, Answers, Lessons, Network, learned

Array = NDArray[np.floating[Any]]

SHRINKS = (1e-3, 3e-3, 1e-2)
"""Costs of large weights that are tried."""
FOLDS = 5
"""Parts of the runs, each judged by networks that learned from the others."""


class Taught(NamedTuple):
    """What came of learning.

    Parameters
    ----------
    network
        What has learned from all runs.
    shrink
        The cost of large weights that did best on runs left out.
    spread
        Residual of the amounts where callus grew, on runs left out, (amount,).
    surprise
        Mean negative logarithm of the likelihood of runs left out, by the cost of large weights.
    """

    network: Network
    shrink: float
    spread: Array
    surprise: dict[float, float]


def taught(
    runs: Runs,
    *,
    members: int = MEMBERS,
    steps: int = STEPS,
    shrinks: tuple[float, ...] = SHRINKS,
) -> Taught:
    """Return networks that have learned from runs.

    Parameters
    ----------
    runs
        Courses of the engine.
    members, steps
        Networks, and steps of descent.
    shrinks
        Costs of large weights to choose from, by folds of these runs alone.
    """
    x, lessons = coordinates(runs.values), runs.lessons
    ways: dict[str, int] = {"members": members, "steps": steps}
    tried = {shrink: _left_out(x, lessons, shrink, ways) for shrink in shrinks}
    surprise = {shrink: found[0] for shrink, found in tried.items()}
    shrink = min(surprise, key=lambda one: surprise[one])
    network = learned(x, lessons, WEEKS, shrink=shrink, **ways)
    return Taught(network, shrink, tried[shrink][1], surprise)


def _left_out(
    x: Array, lessons: Lessons, shrink: float, ways: dict[str, int]
) -> tuple[float, Array]:
    """Return surprise and residuals on each fold, of networks that learned from the others."""
    count = lessons.union.size
    fold = Streams(0).named("emulator", "folds").permutation(count) % FOLDS
    surprise = np.zeros(count)
    off = np.zeros_like(lessons.amounts)
    for number in range(FOLDS):
        out = fold == number
        network = learned(x[~out], lessons.at(~out), WEEKS, shrink=shrink, **ways)
        answers = network.answers(x[out])
        surprise[out] = -np.log(np.maximum(likelihood(answers, lessons.at(out)), 1e-12))
        off[out] = lessons.amounts[out] - answers.amounts.mean(axis=0)
    spread = np.sqrt(np.mean(off[lessons.grew] ** 2, axis=0))
    return float(surprise.mean()), spread


def likelihood(answers: Answers, seen: Lessons) -> Array:
    """Return the likelihood of what was seen, (sample,) [-].

    Parameters
    ----------
    answers
        Of the networks.
    seen
        What the courses showed.
    """
    united = np.isfinite(seen.union)
    at = np.where(united, seen.union, 2.0)
    gained = answers.united_by(at) - answers.united_by(np.maximum(at - 1.0, 1e-6))
    late = answers.growth - answers.united_by(float(WEEKS))
    grown = np.where(united, gained, late)
    found = np.where(seen.grew, grown, 1.0 - answers.growth)
    return np.asarray(found.mean(axis=0))
