"""Fuzzy sets and inference after Mamdani: memberships, and the centroid of what rules say."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp


class Change(NamedTuple):
    """A fuzzy set of changes away from zero: none up to ``least``, all from ``full`` to ``most``.

    A change down has the mirror image of its set.
    """

    least: float | jax.Array
    full: float | jax.Array
    most: float | jax.Array


def above(u: jax.Array, none: float | jax.Array, full: float | jax.Array) -> jax.Array:
    """Return how far a value is above a border: 0 up to ``none``, 1 from ``full`` on [-]."""
    return jnp.clip((u - none) / (full - none), 0.0, 1.0)


def both(*said: jax.Array) -> jax.Array:
    """Return how far all of some statements are true: the least of them."""
    found = said[0]
    for other in said[1:]:
        found = jnp.minimum(found, other)
    return found


def either(*said: jax.Array) -> jax.Array:
    """Return how far one of some statements is true: the greatest of them."""
    found = said[0]
    for other in said[1:]:
        found = jnp.maximum(found, other)
    return found


def clipped(firing: jax.Array, change: Change) -> tuple[jax.Array, jax.Array]:
    r"""Return area and first moment of a set of changes cut off at a height.

    .. math::
        A = \alpha(c-a) - \tfrac12\alpha^2 w, \quad
        M = \tfrac12\left[\alpha(c^2-a^2) - a w\alpha^2 - \tfrac13 w^2\alpha^3\right],
        \quad w = b - a

    for a set that rises from :math:`a` to :math:`b` and ends at :math:`c`.

    Parameters
    ----------
    firing
        Height :math:`\alpha`, 0 to 1 [-].
    change
        The set.
    """
    a, b, c = change
    width = b - a
    area = firing * (c - a) - 0.5 * width * firing**2
    moment = 0.5 * (firing * (c**2 - a**2) - a * width * firing**2 - width**2 * firing**3 / 3.0)
    return area, moment


def centroid(
    up: jax.Array, gain: Change, down: jax.Array, loss: Change, least: float | jax.Array
) -> jax.Array:
    r"""Return the change that rules for gain and loss say together.

    .. math:: \Delta = \min(1, \alpha/\alpha_0)\, \frac{M_{up} - M_{down}}{A_{up} + A_{down}}

    The centroid of two sets that do not overlap, each cut off at how far its rules fire. However
    weakly one rule fires alone, the centroid is nearly that of its whole set; below a least
    firing the change fades to none, so that rates are continuous.

    Parameters
    ----------
    up, down
        How far the rules for a gain and for a loss fire [-].
    gain, loss
        Sets of changes; ``loss`` by its size.
    least
        Firing below which the change fades.
    """
    gained, gaining = clipped(up, gain)
    lost, losing = clipped(down, loss)
    area = gained + lost
    found = jnp.where(area > 0, (gaining - losing) / jnp.where(area > 0, area, 1.0), 0.0)
    return jnp.minimum(jnp.maximum(up, down) / least, 1.0) * found
