"""Owns the networks of the emulator: when courses unite, and how much callus they grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from trephine.core.rng import Streams

Array = NDArray[np.floating[Any]]

HIDDEN = (32, 32)
"""Width of the hidden layers."""
MEMBERS = 12
"""Networks, alike but for where they start; their answers are averaged."""
STEPS = 2000
"""Steps of descent, whose length falls along a half cosine."""
PACE = 3e-3
"""Longest step of descent, in units of a weight."""
AMOUNT_SHARE = 2.0
"""What the squared error of the amounts counts beside the likelihood of union."""
SPREAD = (-4.0, 1.0)
"""Bounds of the logarithm of the spread of the week, in units of that of all weeks."""


OTHERS = ("centre", "width", "week", "amount_centre", "amount_width", "bare")
"""Numbers of an ensemble besides its layers, in their order."""


class Lessons(NamedTuple):
    """What courses showed.

    Parameters
    ----------
    grew
        Whether callus grew at all, (sample,).
    union
        Week of union, infinite where there was none by the last visit, (sample,) [wk].
    amounts
        Amounts besides, (sample, amount), scaled so that a difference counts alike everywhere.
    """

    grew: NDArray[np.bool_]
    union: Array
    amounts: Array

    def at(self, which: Any) -> Lessons:  # noqa: ANN401  (an index of samples)
        """Return those of some courses."""
        return Lessons(self.grew[which], self.union[which], self.amounts[which])


class Answers(NamedTuple):
    """What each network says of each course.

    Parameters
    ----------
    growth
        Chance that callus grows at all, (member, sample) [-].
    middle, spread
        Of the logarithm of the week of union if it grows, a logistic law, (member, sample).
    amounts
        If it grows, (member, sample, amount).
    """

    growth: Array
    middle: Array
    spread: Array
    amounts: Array

    def united_by(self, week: float | Array) -> Array:
        r"""Return the chance of union by a week, (member, sample) [-].

        .. math:: P(T \le w) = \pi\,\sigma\!\left(\frac{\ln w - m}{s}\right)
        """
        return np.asarray(self.growth * expit((np.log(week) - self.middle) / self.spread))


@dataclass(frozen=True)
class Network:
    """An ensemble of small networks, each with two hidden layers of hyperbolic tangents.

    Parameters
    ----------
    weights, biases
        Of each layer, (member, from, to) and (member, to).
    centre, width
        Mean and spread of the coordinates it learned from, (coordinate,).
    week
        Mean and spread of the logarithm of the weeks of union.
    amount_centre, amount_width
        Mean and spread of the amounts where callus grew, (amount,).
    bare
        Mean of the amounts where none grew, (amount,).
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    centre: Array
    width: Array
    week: Array
    amount_centre: Array
    amount_width: Array
    bare: Array

    def answers(self, x: Array) -> Answers:
        """Return what each network says, x (sample, coordinate)."""
        found = ((np.asarray(x) - self.centre) / self.width)[None]
        for weights, biases in zip(self.weights[:-1], self.biases[:-1], strict=True):
            found = np.tanh(found @ weights + biases[:, None])
        found = found @ self.weights[-1] + self.biases[-1][:, None]
        middle, spread = self.week
        return Answers(
            growth=expit(found[..., 0]),
            middle=middle + spread * found[..., 1],
            spread=spread * np.exp(np.clip(found[..., 2], *SPREAD)),
            amounts=found[..., 3:] * self.amount_width + self.amount_centre,
        )

    def as_arrays(self) -> dict[str, Array]:
        """Return its numbers by name."""
        layers = {f"weights {n}": w for n, w in enumerate(self.weights)}
        layers |= {f"biases {n}": b for n, b in enumerate(self.biases)}
        return layers | {name: getattr(self, name) for name in OTHERS}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Return the ensemble that :meth:`as_arrays` told."""
        count = sum(name.startswith("weights ") for name in arrays)
        return cls(
            tuple(arrays[f"weights {n}"] for n in range(count)),
            tuple(arrays[f"biases {n}"] for n in range(count)),
            *(arrays[name] for name in OTHERS),
        )


def learned(
    x: Array,
    lessons: Lessons,
    last: float,
    *,
    shrink: float,
    members: int = MEMBERS,
    steps: int = STEPS,
    seed: int = 0,
) -> Network:
    r"""Return networks that have learned from courses.

    Callus grows with the chance :math:`\pi`, and the week of union of a course in which it grows
    follows :math:`F`. A course without callus counts with the logarithm of :math:`1 - \pi`, one
    that united at the visit of week :math:`w` with that of :math:`\pi\,[F(w) - F(w - 1)]`, and one
    that grew but had not united by the last visit with that of
    :math:`\pi\,[1 - F(w_\mathrm{last})]`. The amounts count by their squared error where callus
    grew. Squared weights are added times ``shrink``.

    Parameters
    ----------
    x
        Coordinates, (sample, coordinate).
    lessons
        What the courses showed.
    last
        Week of the last visit.
    shrink
        How much large weights cost.
    members, steps, seed
        Networks, steps of descent, and the luck of where they start.

    Raises
    ------
    ValueError
        If callus grows in all courses, or none unites.
    """
    grew, united = lessons.grew, np.isfinite(lessons.union)
    if grew.all() or not united.any():
        raise ValueError("there is nothing to learn where all courses grow callus, or none unites")
    logarithm = np.log(lessons.union[united])
    week = np.array([logarithm.mean(), logarithm.std() + 1e-9])
    centre, width = x.mean(axis=0), x.std(axis=0)
    width = np.where(width > 1e-9, width, 1.0)
    amount_centre = lessons.amounts[grew].mean(axis=0)
    amount_width = lessons.amounts[grew].std(axis=0) + 1e-9
    at = np.where(united, lessons.union, last)
    # A union at the first visit may have come at any time before it.
    before = np.where(at > 1.0, at - 1.0, 1e-6)
    target = _Target(
        grew,
        united,
        (np.log(at) - week[0]) / week[1],
        (np.log(before) - week[0]) / week[1],
        (np.log(last) - week[0]) / week[1],
        (lessons.amounts - amount_centre) / amount_width,
    )
    sizes = (x.shape[1], *HIDDEN, 3 + amount_width.size)
    luck = Streams(seed)
    starts = [_start(sizes, luck.within("network", member)) for member in range(members)]
    found = _descended(starts, (x - centre) / width, target, shrink, steps)
    weights, biases = (
        tuple(np.stack([one[layer][kind] for one in found]) for layer in range(len(sizes) - 1))
        for kind in (0, 1)
    )
    bare = lessons.amounts[~grew].mean(axis=0)
    return Network(weights, biases, centre, width, week, amount_centre, amount_width, bare)


def _start(sizes: tuple[int, ...], luck: Streams) -> list[tuple[Array, Array]]:
    """Return layers with weights drawn at random and no biases."""
    return [
        (luck.named("layer", n).standard_normal((a, b)) / np.sqrt(a), np.zeros(b))
        for n, (a, b) in enumerate(pairwise(sizes))
    ]


class _Target(NamedTuple):
    """What a network is held against: weeks in units of their spread, amounts likewise."""

    grew: Any
    united: Any
    at: Any
    before: Any
    last: Any
    amounts: Any


def _descended(starts: Any, x: Array, target: _Target, shrink: float, steps: int) -> Any:  # noqa: ANN401
    """Return the layers of each network after its descent (Adam's)."""
    # Imported where needed: an emulator that is made answers without it.
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    import trephine.numerics  # noqa: F401, PLC0415  (double precision)

    def cost(layers: Any) -> Any:  # noqa: ANN401
        u = jnp.asarray(x)
        for weights, biases in layers[:-1]:
            u = jnp.tanh(u @ weights + biases)
        u = u @ layers[-1][0] + layers[-1][1]
        spread = jnp.exp(jnp.clip(u[:, 2], *SPREAD))
        at, before, last = (
            jax.nn.sigmoid((week - u[:, 1]) / spread)
            for week in (target.at, target.before, target.last)
        )
        in_time = jnp.where(target.united, at - before, 1.0 - last)
        grown = jax.nn.log_sigmoid(u[:, 0]) + jnp.log(jnp.maximum(in_time, 1e-9))
        likely = jnp.where(target.grew, grown, jax.nn.log_sigmoid(-u[:, 0]))
        squared = jnp.mean((u[:, 3:] - target.amounts) ** 2, axis=1)
        wrong = jnp.where(target.grew, AMOUNT_SHARE * squared, 0.0) - likely
        size = sum(jnp.sum(weights**2) for weights, _ in layers)
        return jnp.mean(wrong) + shrink * size

    slope = jax.grad(cost)

    @partial(jax.jit, static_argnums=1)
    def descend(layers: Any, steps: int) -> Any:  # noqa: ANN401
        def step(carry: Any, number: Any) -> Any:  # noqa: ANN401
            layers, mean, square = carry
            found = slope(layers)
            mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, found)
            square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, square, found)
            pace = PACE * 0.5 * (1.0 + jnp.cos(jnp.pi * number / steps))
            one, two = 1.0 - 0.9 ** (number + 1.0), 1.0 - 0.999 ** (number + 1.0)
            layers = jax.tree.map(
                lambda w, m, v: w - pace * (m / one) / (jnp.sqrt(v / two) + 1e-8),
                layers,
                mean,
                square,
            )
            return (layers, mean, square), None

        still = jax.tree.map(jnp.zeros_like, layers)
        (layers, _, _), _ = jax.lax.scan(step, (layers, still, still), jnp.arange(float(steps)))
        return layers

    # One after another: a network is the same however many there are.
    return [
        jax.tree.map(np.asarray, descend(jax.tree.map(jnp.asarray, start), steps))
        for start in starts
    ]
