"""Sums whose every bit is the same on any number of threads."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Pair = tuple[jax.Array, jax.Array]

PARTS, SHORT = 8, 1024
"""Parts that :func:`pairwise` adds at once, and the length it leaves to :func:`total`."""


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


def pairwise(values: jax.Array) -> jax.Array:
    r"""Return the sum of a vector by adding its parts to each other, over and over.

    .. math:: v_i \leftarrow \sum_{k<8} v_{i + k m}, \qquad m = \lfloor n/8 \rfloor

    The order is written into the program, whose additions run side by side: several times
    faster than :func:`total`, with an error that grows with the logarithm of the length.

    Parameters
    ----------
    values
        What to add up, one axis.
    """
    left_over: list[jax.Array] = []
    while values.shape[0] > SHORT:
        length = values.shape[0] // PARTS
        parts = [lax.slice(values, (i * length,), ((i + 1) * length,)) for i in range(PARTS)]
        left_over.append(lax.slice(values, (PARTS * length,), values.shape))
        while len(parts) > 1:
            parts = [low + high for low, high in zip(parts[::2], parts[1::2], strict=True)]
        values = parts[0]
    return total(jnp.concatenate([values, *left_over]))
