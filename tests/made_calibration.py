"""A stand-in for the emulator and small trials, for tests of the calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from trephine.case.trial import Trial, read
from trephine.catalogue.posterior import Diagnostics, MadeFrom, Posterior
from trephine.study import inputs, unknowns
from trephine.study.biology import printed
from trephine.study.calibrate import Effort
from trephine.study.emulator_error import Predicted
from trephine.study.targets import Target
from trephine.study.virtual_series import Series

Array = NDArray[np.float64]
TRIALS = Path(__file__).parents[1] / "examples" / "trials"
SMALL = Effort(patients=16, first=256, each=128, rounds=2, draws=200)
SIGNAL, CLEARANCE, SPEED = (
    f"callus.{name}" for name in ("progenitor_signal", "signal_clearance", "vessel_growth")
)


def posterior_of(deviates: Array) -> Posterior:
    """Return a made-up posterior of deviates of the prior, fitted to the union of one series."""
    points = len(deviates)
    return Posterior(
        about="made up",
        seed=0,
        fitted_to=("Hernigou2005.all.union",),
        made_from=MadeFrom(published="", priors="", trials="", numbers="", emulator=""),
        diagnostics=Diagnostics(points=points, effective=float(points), tail=0.0, apart=0.0),
        draws={name: tuple(v.tolist()) for name, v in unknowns.values(deviates).items()},
    )


class StandIn:
    """Heals by a sigmoid of the dose beside a threshold, faster with vessels that grow faster."""

    def predict(self, features: Mapping[str, Any]) -> Predicted:
        """Return what is expected."""
        base = printed()
        signal = np.log(features[SIGNAL] / base[SIGNAL])
        signal = signal - np.log(features[CLEARANCE] / base[CLEARANCE])
        dose = np.log((features[inputs.CELLS] + 300.0) / 1.5e4) + signal
        growth = expit(2.0 * (dose - np.log(features[inputs.GAP] / 3e-3)))
        middle = np.log(12.0) + 0.3 * np.log(features[inputs.GAP] / 3e-3)
        middle = middle - 0.5 * np.log(features[SPEED] / base[SPEED])
        week = np.arange(1.0, 40.0)
        chance = growth * ndtr((np.log(week)[:, None] - middle) / 0.25)
        nothing = np.zeros((5, growth.size))
        return Predicted(week, chance, nothing, nothing)


@cache
def trials(*stems: str) -> tuple[Trial, ...]:
    """Return trials of the examples by the stem of their file."""
    return tuple(read(TRIALS / f"{stem}.toml") for stem in stems)


SOME = ("bhargava-2007-marrow", "li-2019-femur", "hernigou-2005-tibia")


def simulated(
    lines: Sequence[Series], truth: Array, rng: np.random.Generator, sizes: int = 1
) -> list[Target]:
    """Return targets with values drawn for known deviates of the unknowns.

    Parameters
    ----------
    lines
        The virtual series.
    truth
        The deviates, (number,).
    rng
        Luck of the series.
    sizes
        How many times as many patients each has.
    """
    numbers = unknowns.values(truth[None])
    found = []
    for line in lines:
        expected = line.expected(numbers, StandIn())
        for target, told in zip(line.targets, expected, strict=True):
            n, mean = target.n * sizes, float(told.mean[0])
            spread = float(np.sqrt(told.variance[0]))
            if target.kind == "share":
                value = float(rng.binomial(n, mean))
            else:
                value = max(mean + spread / np.sqrt(n) * rng.standard_normal(), 0.05 * mean)
            found.append(replace(target, n=n, value=value, spread=spread, rounded=0.0))
    return found
