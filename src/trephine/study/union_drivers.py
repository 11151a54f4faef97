"""Owns which inputs union depends on most, over the whole range of the emulator."""

from __future__ import annotations

import numpy as np

from trephine.core.rng import Streams
from trephine.study.biology import is_possible
from trephine.study.designed_points import COORDINATES, DIMENSIONS, point
from trephine.study.emulate import Emulator
from trephine.study.input_range import Array
from trephine.study.sensitivity import Driver, drivers

COUNT = 16_384
"""Samples of each of the two designs."""


def union_drivers(emulator: Emulator, *, count: int = COUNT, seed: int = 0) -> tuple[Driver, ...]:
    """Return shares of the variance of the chance of union by input, the largest total first.

    The inputs vary independently by the law of the designed runs, so the answer is one about
    the engine over its whole range, and not about any population. Of both designs those samples
    are left out that, with some input exchanged, have a biology without a threshold.

    Parameters
    ----------
    emulator
        Tells the chance of union by the last visit.
    count
        Samples of each design; each input takes as many again.
    seed
        The user's seed.
    """
    luck = Streams(seed).within("union drivers")
    one, other = (luck.named(which).random((count, DIMENSIONS)) for which in "ab")
    designs = {"": one, "other": other}
    for column, name in enumerate(COORDINATES):
        designs[name] = one.copy()
        designs[name][:, column] = other[:, column]
    kept = np.all([is_possible(point(design)) for design in designs.values()], axis=0)

    def chance(name: str) -> Array:
        return emulator.predict(point(designs[name][kept])).union_chance

    exchanged = {name: chance(name) for name in COORDINATES}
    return drivers(chance(""), chance("other"), exchanged, luck.named("resampling"))
