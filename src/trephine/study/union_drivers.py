"""Owns which inputs union depends on most, over the whole range of the emulator."""

from __future__ import annotations

import numpy as np

from trephine.core.rng import Streams
from trephine.study import inputs
from trephine.study.emulate import Emulator
from trephine.study.sensitivity import Driver, drivers

COUNT = 16_384
"""Samples of each of the two designs."""


def union_drivers(emulator: Emulator, *, count: int = COUNT, seed: int = 0) -> tuple[Driver, ...]:
    """Return shares of the variance of the chance of union by input, the largest total first.

    The inputs vary independently by the law of the designed runs, so the answer is one about
    the engine over its whole range, and not about any population.

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
    one, other = (luck.named(which).random((count, inputs.DIMENSIONS)) for which in "ab")

    def chance(at: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> inputs.Array:
        return emulator.predict(inputs.point(at)).union_chance

    exchanged = {}
    for column, name in enumerate(inputs.COORDINATES):
        mixed = one.copy()
        mixed[:, column] = other[:, column]
        exchanged[name] = chance(mixed)
    return drivers(chance(one), chance(other), exchanged, luck.named("resampling"))
