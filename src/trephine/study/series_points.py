"""Owns the points of the designed runs that are like the patients of trials."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trephine.case.trial import Arm, Trial
from trephine.core.rng import Streams
from trephine.study.arm_inputs import arm_inputs
from trephine.study.biology import RECORDS, at
from trephine.study.input_range import Array, Values
from trephine.study.patients import features

CELLS_SPREAD = float(np.log(4.0))
"""Spread of the logarithm of what the progenitors are multiplied by: how many stay, and how many of
those that form colonies work, are not known any better [-]."""
DRAWN = 512
"""Patients that are drawn of each arm, however many are wanted, so that more begin with the same
ones."""


def like_patients(
    trials: Sequence[Trial], count: int, part: str, seed: int = 0
) -> tuple[Values, dict[str, float]]:
    """Return courses like those of the patients of trials, and each trial's share in the ranges.

    Patients are drawn as a trial draws them, with the dose of its plan; the biology is drawn from
    its prior, and the cells are spread besides. The arms take turns. Who lies outside the ranges
    is left out in the order of their numbers.

    Parameters
    ----------
    trials
        Whose patients; an arm of which nobody is known is told with a share of 0.
    count
        How many courses.
    part
        Name of the part, by which the patients have their luck.
    seed
        The user's seed.

    Raises
    ------
    InputError
        If the emulator knows no such course as one of the arms.
    ValueError
        If too few patients lie within the ranges.
    """
    arms = [(trial, arm) for trial in trials for arm in trial.arms]
    each, shares = [], {}
    for trial, arm in arms:
        found, known = _of_arm(trial, arm, part, seed)
        shares[f"{trial.name}: {arm.name}"] = float(known.mean())
        if known.any():
            each.append({name: value[known] for name, value in found.items()})
    turns = [(number // len(each), number % len(each)) for number in range(count)]
    if any(row >= each[of]["patient.age"].size for row, of in turns):
        raise ValueError(f"too few patients lie within the ranges: {shares}")
    return {name: np.array([each[of][name][row] for row, of in turns]) for name in each[0]}, shares


def _of_arm(
    trial: Trial, arm: Arm, part: str, seed: int
) -> tuple[Values, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return the courses of patients of one arm, and who lies within the ranges."""
    luck = Streams(seed).within("emulator", part, trial.name, arm.name)
    drawn = features(trial.population, luck, DRAWN)
    biology: dict[str, Array] = {
        name: at(name, luck.named("biology", name).random(DRAWN)) for name in RECORDS
    }
    factor = np.exp(CELLS_SPREAD * luck.named("cells").standard_normal(DRAWN))
    values, known, _ = arm_inputs(drawn, arm.plan).courses(biology, factor)
    return values, known
