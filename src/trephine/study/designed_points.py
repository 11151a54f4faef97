"""Owns the points of the designed runs: the law that spreads them over the whole range."""

from __future__ import annotations

import numpy as np

from trephine.core.rng import Streams
from trephine.study import inputs
from trephine.study.biology import RECORDS, at, is_possible
from trephine.study.input_range import Array, Values
from trephine.study.inputs import CARRIERS, DAY, MOST_LOAD, YEAR, room

MORE = 1.2
"""How many points are drawn for each that is wanted; one in forty is not possible."""


def point(u: Array) -> Values:
    """Return the inputs of points of the unit cube, (sample,) each [SI].

    The law of the designed runs: spread over the ranges, with a share of the points where most
    patients are (living ends, periosteum and marrow whole, no debris, injected once on day 0). The
    biology has the spread that the catalogue gives it; see :func:`designed` for what is left out.

    Parameters
    ----------
    u
        Points, (sample, :data:`DIMENSIONS`), from 0 to 1.
    """
    columns = iter(np.asarray(u, dtype=float).T)

    def even(low: float | Array, high: float | Array) -> Array:
        return np.asarray(low + next(columns) * (high - low))

    def by_logarithm(low: float | Array, high: float | Array) -> Array:
        return np.asarray(np.exp(even(np.log(low), np.log(high))))

    def usually(usual: float, share: float, low: float, high: float) -> Array:
        where = next(columns)
        rest = (where - share) / (1.0 - share)
        return np.where(where < share, usual, low + rest * (high - low))

    gap, load = inputs.NUMBERS[inputs.GAP], inputs.NUMBERS[inputs.LATE].low
    found: Values = {inputs.GAP: by_logarithm(gap.low, gap.high)}
    found[inputs.OUTER] = even(18e-3, 36e-3)
    found[inputs.CANAL] = found[inputs.OUTER] * even(0.4, 0.66)
    nailed = next(columns) < 0.5
    found[inputs.NAIL] = np.where(nailed, found[inputs.CANAL] * even(0.6, 0.93), 0.0)
    found[inputs.STIFFNESS] = by_logarithm(2e5, 6e6)
    most = np.minimum(MOST_LOAD, found[inputs.STIFFNESS] * found[inputs.GAP])
    found[inputs.LATE] = by_logarithm(load, most)
    found[inputs.EARLY] = found[inputs.LATE] * even(0.0, 1.0)
    more = found[inputs.LATE] - found[inputs.EARLY]
    found[inputs.MIDDLE] = found[inputs.EARLY] + more * even(0.0, 1.0)
    found["site.biology.perfusion"] = by_logarithm(0.02, 0.8)
    found["site.biology.fibrous"] = even(0.1, 0.9)
    found["site.biology.living_ends"] = usually(1.0, 0.5, 0.2, 1.0)
    found["site.biology.periosteum"] = usually(1.0, 0.5, 0.0, 1.0)
    found["site.biology.marrow"] = usually(1.0, 0.5, 0.0, 1.0)
    found["site.biology.debris"] = usually(0.0, 0.5, 0.0, 1.0)
    found[inputs.AGE] = even(18.0, 90.0) * YEAR
    found[inputs.SMOKER] = (next(columns) < 0.35).astype(float)
    found[inputs.DIABETES] = (next(columns) < 0.25).astype(float)
    found[inputs.NSAID] = np.round(usually(0.0, 0.6, 7.0, 273.0)) * DAY
    found[inputs.STEROID] = np.round(usually(0.0, 0.75, 7.0, 273.0)) * DAY
    kind = np.digitize(next(columns), (0.08, 0.28, 0.75))
    found[inputs.CARRIER] = np.array(CARRIERS)[kind]
    injected, solid = kind > 0, kind == 3
    found[inputs.CELLS] = np.where(injected, by_logarithm(inputs.FEWEST, 2e7), 0.0)
    found[inputs.OTHERS] = np.where(injected, by_logarithm(1e6, 5e9), 0.0)
    found[inputs.VOLUME] = np.where(injected, room(found) * np.minimum(even(0.05, 1.5), 1.0), 0.0)
    found[inputs.SOLID] = np.where(solid, found[inputs.VOLUME] * even(0.03, 0.6), 0.0)
    found[inputs.INJECTED] = np.where(injected, np.round(usually(0.0, 0.5, 0.0, 42.0)), 0.0) * DAY
    found[inputs.AGAIN] = np.where(injected, np.round(usually(0.0, 0.75, 14.0, 84.0)), 0.0) * DAY
    return found | {name: at(name, next(columns)) for name in RECORDS}


def designed(count: int, seed: int = 0) -> Values:
    """Return points to learn from, (sample,) each: Sobol's sequence, scrambled, possible ones.

    Where the biology would heal an untreated non-union by itself, or no dose would help, a point
    is left out in the order of the sequence, so that more points begin with the same ones.

    Parameters
    ----------
    count
        How many.
    seed
        The user's seed.
    """
    # Imported where needed: slow to load, and an emulator that is made does without.
    from scipy.stats import qmc  # noqa: PLC0415

    luck = Streams(seed).named("emulator", "train")
    sobol = qmc.Sobol(DIMENSIONS, scramble=True, seed=int(luck.integers(2**32)))
    power = int(np.ceil(np.log2(count * MORE)))
    return possible(point(sobol.random_base2(power)), count)


def independent(count: int, seed: int = 0) -> Values:
    """Return independent draws of the same law, (sample,) each.

    The error on them is that of another such course.
    """
    luck = Streams(seed).named("emulator", "fresh")
    return possible(point(luck.random((int(np.ceil(count * MORE)), DIMENSIONS))), count)


def possible(values: Values, count: int) -> Values:
    """Return the first courses whose biology keeps a non-union that some dose tips.

    Raises
    ------
    ValueError
        If there are fewer.
    """
    here = np.flatnonzero(is_possible(values))[:count]
    if here.size < count:
        raise ValueError(f"{here.size} possible courses of {count} that were wanted")
    return {name: value[here] for name, value in values.items()}


COORDINATES = (
    "gap",
    "outer diameter",
    "canal to outer diameter",
    "nail or not",
    "nail to canal diameter",
    "stiffness of the fixation",
    "late load",
    "early to late load",
    "middle load between them",
    "perfusion",
    "fibrous tissue",
    "living bone ends",
    "periosteum",
    "marrow",
    "debris",
    "age",
    "smoking",
    "diabetes",
    "time under a non-steroidal drug",
    "time under a corticosteroid",
    "carrier, or no injection",
    "progenitors that stay",
    "other nucleated cells",
    "volume to room",
    "solid to volume",
    "day of injection",
    "second injection",
    *RECORDS,
)
"""What the coordinates of a designed point are, in order; they are independent of each other."""
DIMENSIONS = len(COORDINATES)
