"""Settling by characteristics: the exact course of an even suspension, and paths through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trephine.numerics.settling import Hindrance

Array: TypeAlias = NDArray[np.floating[Any]]
Values: TypeAlias = float | Array

POINTS = 4000
"""Points of the tables that invert the fan."""
STEPS = 80
"""Steps of a path."""


@dataclass(frozen=True)
class _Fan:
    r"""The fan of waves from the bottom, for one exponent; :math:`x = k\varphi` falls upward.

    Parameters
    ----------
    filled
        The scaled fraction :math:`x`, falling from 1 to the inflection of the flux, (point,) [-].
    rise
        Speed of its wave over that of a particle alone, :math:`(1-x)^{n-1}((n+1)x - 1)` [-].
    below
        What lies below it, scaled: :math:`x^2 (1-x)^{n-1}` [-].
    """

    filled: Array
    rise: Array
    below: Array


@cache
def _fan(exponent: float) -> _Fan:
    free = np.linspace(0.0, (exponent - 1.0) / (exponent + 1.0), POINTS)
    filled = 1.0 - free
    power = free ** (exponent - 1.0)
    return _Fan(filled, power * ((exponent + 1.0) * filled - 1.0), filled**2 * power)


@dataclass(frozen=True)
class Batch:
    r"""An even suspension of fraction :math:`\varphi_0` that settles in a closed column, exactly.

    The entropy solution of :math:`\partial_s \varphi = \partial_z(\varphi u)` with Michaels and
    Bolger's :math:`u = V (1 - k\varphi)^n` under an even force (Kynch): clear liquid above a shock
    that falls with :math:`u(\varphi_0)`; below it the suspension as it was; and on the bottom a
    fan of waves, led by a shock where :math:`\varphi_0` is below the inflection of the flux, that
    grows into the bed. When the two meet, the bed alone is left. Its surface then has the fraction
    for which

    .. math:: \varphi_0 H = s V k n\,\varphi^2 (1 - k\varphi)^{n-1}

    and goes on sinking for ever: this is how the bed packs.

    Parameters
    ----------
    height
        Height of the column :math:`H` [m].
    fraction
        Volume fraction at the start, below :math:`1/k`, one value or (sample,) [-].
    hindrance
        How the dense phase sinks; its exponent is one number above 1.
    """

    height: float
    fraction: Values
    hindrance: Hindrance

    @cached_property
    def _start(self) -> Array:
        return np.asarray(self.hindrance.factor * self.fraction, dtype=float)

    @cached_property
    def _exponent(self) -> float:
        return float(self.hindrance.exponent)

    @cached_property
    def _foot(self) -> Array:
        """The scaled fraction at the upper edge of the fan."""
        low, high = (
            np.full_like(self._start, 2.0 / (self._exponent + 1.0)),
            np.ones_like(self._start),
        )
        dilute = self._start < low
        for _ in range(60):  # the leading shock moves with the wave behind it
            middle = 0.5 * (low + high)
            flux, flux_start = self._flux(middle), self._flux(self._start)
            gap = np.where(dilute, middle - self._start, 1.0)
            is_slow = (flux_start - flux) / gap > self._rise(middle)
            high = np.where(is_slow, middle, high)
            low = np.where(is_slow, low, middle)
        return np.where(dilute, 0.5 * (low + high), self._start)

    def _flux(self, filled: Array) -> Array:
        found: Array = filled * (1.0 - filled) ** self._exponent
        return found

    def _rise(self, filled: Array) -> Array:
        n = self._exponent
        found: Array = (1.0 - filled) ** (n - 1.0) * ((n + 1.0) * filled - 1.0)
        return found

    @cached_property
    def _edge(self) -> Array:
        """Speed at which the upper edge of the fan rises [m/s]."""
        return self.hindrance.fastest * self._rise(self._foot)

    @cached_property
    def _fall(self) -> Array:
        """Speed at which the first surface falls [m/s]."""
        return self.hindrance.speed(np.asarray(self.fraction, dtype=float))

    def _within(self, share: Values, dose: Values) -> Array:
        """Return the level in the fan below which a share of the dense phase lies [m]."""
        n, fan = self._exponent, _fan(self._exponent)
        content = self.height * np.asarray(self.fraction) * self.hindrance.factor * share
        scaled = content / (n * dose * self.hindrance.fastest)
        filled = np.interp(scaled, fan.below, fan.filled)
        found: Array = dose * self.hindrance.fastest * self._rise(filled)
        return found

    def level(self, dose: Values, share_above: Values = 0.0) -> Array:
        """Return the height above which a share of the dense phase lies; its surface for 0 [m]."""
        falling = self.height - self._fall * dose
        even = falling - self.height * np.asarray(share_above)
        packed = self._within(1.0 - np.asarray(share_above), dose)
        is_even = (even > self._edge * dose) & (falling > self._edge * dose)
        return np.where(is_even, even, packed)

    def share_above(self, height: Array, dose: Values) -> Array:
        """Return the share of the dense phase above heights, (sample,) [-]."""
        n, swollen = self._exponent, self.hindrance.factor
        surface = self.level(dose)
        edge = np.minimum(self._edge * dose, surface)
        filled = swollen * self.at(np.minimum(height, edge * (1.0 - 1e-12)), dose)
        fan = n * dose * self.hindrance.fastest * filled**2 * (1.0 - filled) ** (n - 1.0) / swollen
        even = np.asarray(self.fraction) * np.maximum(np.minimum(height, surface) - edge, 0.0)
        found: Array = 1.0 - (fan + even) / (self.height * np.asarray(self.fraction))
        return np.where(height < surface, found, 0.0)

    def at(self, height: Array, dose: Values) -> Array:
        """Return the volume fraction at heights, (..., sample) [-]."""
        fan, surface = _fan(self._exponent), self.level(dose)
        speed = height / (dose * self.hindrance.fastest)
        inside = height < np.minimum(self._edge * dose, surface)
        found = np.where(height < surface, self.fraction, 0.0)
        swollen = np.broadcast_to(self.hindrance.factor, found.shape)
        found[inside] = np.interp(speed[inside], fan.rise, fan.filled) / swollen[inside]
        return found

    def origin(self, height: Array, dose: Values, velocity: Callable[[Array], Array]) -> Array:
        """Return where that stood at the start which stands at a height after a dose [m].

        Followed backward by the midpoint rule, in steps that shorten toward the start.

        Parameters
        ----------
        height
            Heights after the dose, (..., sample) [m].
        dose
            The dose, above zero, one value or (sample,) [s].
        velocity
            Upward velocity at a volume fraction, (..., sample) [m/s].

        Returns
        -------
        Array
            Between 0, the bottom, and the height of the column, (..., sample) [m].
        """
        marks = np.linspace(1.0, 0.0, STEPS + 1) ** 2
        at = np.array(height, dtype=float)
        for after, before in pairwise(marks):
            late, early = dose * after, dose * before
            step = late - early
            half = at - 0.5 * step * velocity(self.at(at, late))
            at = at - step * velocity(self.at(half, 0.5 * (late + early)))
            at = np.clip(at, 0.0, self.height)
        return at
