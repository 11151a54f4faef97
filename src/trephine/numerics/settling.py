"""Settling in one closed column: a dense phase that hinders itself, and classes that ride in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]

COURANT = 0.5
"""Share of a cell that may be crossed in a step; above it a class could turn negative."""
TRACE = 1e-6
"""Content of a cell, relative to the mean of its class, below which it does not set the step."""


@dataclass(frozen=True)
class Hindrance:
    r"""How a dense phase slows itself.

    .. math:: u(\varphi) = V\,(1 - k\varphi)^n\ \text{where}\ k\varphi < 1,\ \text{else}\ 0

    Parameters
    ----------
    fastest
        Speed of a particle alone :math:`V`, per unit of force [m/s].
    factor
        Volume that a particle takes up over its own :math:`k`; nothing moves above :math:`1/k` [-].
    exponent
        The exponent :math:`n`, at least 1 [-].
    """

    fastest: float | Array
    factor: float | Array
    exponent: float | Array

    def speed(self, fraction: Array) -> Array:
        """Return the settling speed at a volume fraction, per unit of force [m/s]."""
        found: Array = self.fastest * self._free(fraction) ** self.exponent
        return found

    def drag(self, fraction: Array) -> Array:
        """Return how the speed falls with the fraction, minus its derivative [m/s]."""
        steep = self.fastest * self.factor * self.exponent
        found: Array = steep * self._free(fraction) ** (self.exponent - 1.0)
        return found

    def _free(self, fraction: Array) -> Array:
        found: Array = np.maximum(1.0 - self.factor * fraction, 0.0)
        return found


@dataclass(frozen=True)
class Column:
    """What fills a closed column and how it moves; height counts upward from the closed bottom.

    Parameters
    ----------
    spacing
        Height of a cell [m].
    hindrance
        How the dense phase sinks.
    drift
        Upward velocity of each rider at a volume fraction of the dense phase (face,), per unit
        of force: (rider, face) [m/s].
    carried
        Whether a rider drifts relative to the liquid and is carried by it, (rider,); the others
        drift relative to the mixture, which as a whole stands still.
    force
        Force at the inner faces over the force that the dose counts, (face,) or one number [-].
    """

    spacing: float
    hindrance: Hindrance
    drift: Callable[[Array], Array]
    carried: NDArray[np.bool_]
    force: float | Array = 1.0


@dataclass(frozen=True)
class Course:
    """A column over time.

    Parameters
    ----------
    dense
        Volume fraction of the dense phase, (moment, cell) [-].
    riders
        Riders per volume of the column, (moment, rider, cell).
    steps
        Steps taken.
    """

    dense: Array
    riders: Array
    steps: int


def settle(dense: Array, riders: Array, doses: Array, column: Column) -> Course:
    r"""Return how a column settles while its dose of force times time :math:`s` grows.

    .. math::
        \partial_s \varphi = \partial_z (\varphi u), \quad
        v_l = \frac{\varphi u}{1 - \varphi}, \quad
        \partial_s c_k = -\partial_z [c_k (w_k + \chi_k v_l)]

    The dense phase :math:`\varphi` sinks with its hindered speed :math:`u`; the liquid gives way
    upward with :math:`v_l`, so that no volume is made or lost; riders :math:`c_k` drift with
    :math:`w_k(\varphi)` and take up no room themselves, and those that are carried
    (:math:`\chi_k = 1`) go with the liquid.

    Finite volumes: face values by van Leer's limited slopes, each class from the side it comes
    from; the dense phase moves with the speed at the fraction *ahead* of it, so nothing enters
    a packed cell and the scheme takes the entropy solution; Heun's method in the dose. Of second
    order where smooth, of first order in the mean at shocks. Each class is conserved to rounding.

    Parameters
    ----------
    dense
        Volume fraction of the dense phase at the start, (cell,) [-].
    riders
        Riders per volume at the start, at least zero, (rider, cell).
    doses
        Doses at which the column is wanted, rising from zero or more, (moment,) [s].
    column
        The column.
    """
    state = np.concatenate([dense[None], riders])
    mean = state.mean(axis=1, keepdims=True)
    trace = TRACE * np.where(mean > 0.0, mean, np.inf)  # what is not there sets no step
    kept, steps, at = [], 0, 0.0
    for dose in doses:
        while at < dose:
            faces = _faces(state, column)
            longest = COURANT * column.spacing / max(_fastest(faces, trace, column), 1e-300)
            left = float(dose) - at
            step = min(longest, left)
            # Only traces are ever faster than this; they wait, and none turns negative.
            limit = COURANT * column.spacing / step
            start = step * _rates(faces, column, limit)
            end = step * _rates(_faces(state + start, column), column, limit)
            state = state + 0.5 * (start + end)
            at = float(dose) if step == left else at + step
            steps += 1
        kept.append(state)
    history = np.stack(kept)
    return Course(history[:, 0], history[:, 1:], steps)


@dataclass(frozen=True)
class _Faces:
    """What lies on both sides of the inner faces, and how it would move, per unit of force."""

    low: Array
    high: Array
    open: Array
    sinking: Array
    drift: Array


def _faces(state: Array, column: Column) -> _Faces:
    """Return both sides of each inner face, (class, face), riders per volume open to them."""
    dense = state[:1]
    carried = column.carried[:, None]
    values = state.copy()
    values[1:] /= 1.0 - carried * dense
    rise = np.diff(values, axis=1)
    half = np.zeros_like(values)
    product = rise[:, :-1] * rise[:, 1:]
    np.divide(product, rise[:, :-1] + rise[:, 1:], out=half[:, 1:-1], where=product > 0.0)
    low, high = (values + half)[:, :-1], (values - half)[:, 1:]
    between = 0.5 * (low[0] + high[0])
    return _Faces(
        low=low,
        high=high,
        open=1.0 - carried * between,
        sinking=column.force * column.hindrance.speed(low[0]),
        drift=column.force * column.drift(between),
    )


def _fastest(faces: _Faces, trace: Array, column: Column) -> float:
    """Return the greatest speed that matters for the step: of what is more than a trace [m/s]."""
    steep = column.force * column.hindrance.drag(faces.low[0]) * faces.high[0]
    waves = np.where(faces.high[0] > trace[0], faces.sinking + steep, 0.0)
    riders = np.abs(_riding(faces, faces.sinking, column))
    source = np.where(faces.drift > 0.0, faces.low[1:], faces.high[1:])
    return float(max(waves.max(), np.where(source > trace[1:], riders, 0.0).max(initial=0.0)))


def _riding(faces: _Faces, sinking: Array, column: Column) -> Array:
    """Return the velocity of the riders at the faces, upward, with that of the liquid [m/s]."""
    risen = sinking * faces.high[0]
    carried: Array = column.carried[:, None] * risen / faces.open
    return faces.drift + carried


def _rates(faces: _Faces, column: Column, limit: float) -> Array:
    """Return the rate of change of each class in each cell, no speed above the limit."""
    sinking = np.minimum(faces.sinking, limit)
    riding = np.clip(_riding(faces, sinking, column), -limit, limit) * faces.open
    source = np.where(riding > 0.0, faces.low[1:], faces.high[1:])
    flux = np.concatenate([(-sinking * faces.high[0])[None], riding * source])
    change = np.zeros((flux.shape[0], flux.shape[1] + 1))
    change[:, :-1] -= flux
    change[:, 1:] += flux
    return change / column.spacing
