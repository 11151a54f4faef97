"""Sums whose every bit is the same on any number of threads."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import numpy as np
from jax import lax

Pair = tuple[jax.Array, jax.Array]


def total(values: jax.Array, axes: Sequence[int] | None = None) -> jax.Array:
    r"""Return the sum over all axes or some, compensated for rounding (Neumaier).

    .. math:: s' = s + v, \qquad c' = c + [(s - (s' - t)) + (v - t)], \quad t = s' - s

    A plain sum is split among the threads that happen to be there, and its last bits follow
    their number. This one is taken in one order, and its error does not grow with the number
    of terms.

    Parameters
    ----------
    values
        What to add up, any shape.
    axes
        Axes to add up over; all of them where None.
    """

    def add(left: Pair, right: Pair) -> Pair:
        together = left[0] + right[0]
        taken = together - left[0]
        lost = (left[0] - (together - taken)) + (right[0] - taken)
        return together, left[1] + right[1] + lost

    zero = np.zeros((), values.dtype)
    over = tuple(range(values.ndim) if axes is None else axes)
    kept, lost = lax.reduce((values, lax.full_like(values, 0)), (zero, zero), add, over)
    return kept + lost
