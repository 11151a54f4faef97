"""Time: a second-order explicit step that keeps densities positive and controls its error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

State = dict[str, jax.Array]
Ledger = dict[str, jax.Array]
Rates = Callable[[State, Any], tuple[State, Any, Ledger]]
"""From state and memory to rates of change, new memory, and what each term does per time."""

Foresee = Callable[[Any, jax.Array, jax.Array], Any]
"""From memory, stage (0 at the start of a step, 1 at its end) and length of the step to the
memory from which the rates of that stage start: a better guess of what they solve for."""

SHORTEST = 1e-7
"""Step at which a march gives up, in its unit of time."""


ROUNDING = 1e-9
"""Share of a step by which it may be longer than asked for, to end where the march ends."""


class Marched(NamedTuple):
    """Where a march ended, what each term did on the way, and how hard it was."""

    state: State
    memory: Any
    ledger: Ledger
    step: jax.Array
    taken: jax.Array
    rejected: jax.Array
    failed: jax.Array


def march(
    rates: Rates,
    state: State,
    memory: Any,  # noqa: ANN401  (whatever the rates want to remember, a pytree)
    duration: float | jax.Array,
    step: float | jax.Array,
    *,
    longest: float | jax.Array,
    relative: float | jax.Array,
    absolute: Mapping[str, float],
    foresee: Foresee | None = None,
) -> Marched:
    r"""Advance a state by Heun's method with an embedded Euler step.

    .. math::
        u^{(1)} = u + \Delta t f(u), \quad
        u' = \tfrac12 u + \tfrac12 \left(u^{(1)} + \Delta t f(u^{(1)})\right)

    The result is an average of two Euler steps, so it is positive where they are: a step that
    would make any value negative is rejected and halved. The difference between the two orders
    estimates the error of a step; the step follows it.

    Parameters
    ----------
    rates
        Rates of change, memory (for example the last solution of an elliptic field, from which
        the next solve starts) and ledger (integrals per time of what each term does).
    state, memory
        Where to start.
    duration
        How long to march.
    step
        First step to try.
    longest
        Longest step allowed.
    relative, absolute
        Allowed error of a step: ``absolute[name] + relative * |u|``, in the largest norm.
    foresee
        Mends the memory before each evaluation of the rates.
    """
    ahead = foresee or (lambda memory, _stage, _length: memory)
    _, _, ledger_shape = jax.eval_shape(rates, state, memory)
    empty = {name: jnp.zeros(shape.shape, shape.dtype) for name, shape in ledger_shape.items()}

    def unfinished(carry: tuple[Any, ...]) -> jax.Array:
        time, step = carry[3], carry[4]
        return (time < duration) & (step > SHORTEST)

    def attempt(carry: tuple[Any, ...]) -> tuple[Any, ...]:
        state, memory, ledger, time, step, taken, rejected = carry
        left = duration - time
        # the last stretch is cut in equal parts, so that no sliver of a step remains
        length = jnp.where(left <= (1.0 + ROUNDING) * step, left, step)
        length = jnp.where((length < left) & (left < 2.0 * length), 0.5 * left, length)

        def stage(number: jax.Array, at: tuple[Any, ...]) -> tuple[Any, ...]:
            point, _, memory, gained = at
            rate, memory, amounts = rates(point, ahead(memory, number, length))
            # the second stage leaves the point where the first has put it
            moved = jnp.where(number == 0, length, 0.0)
            point = {k: u + moved * rate[k] for k, u in point.items()}
            gained = {k: v + 0.5 * length * amounts[k] for k, v in gained.items()}
            return point, rate, memory, gained

        still = {k: jnp.zeros_like(u) for k, u in state.items()}
        begun = (state, still, memory, ledger)
        euler, last, after, gained = jax.lax.fori_loop(0, 2, stage, begun)
        beyond = {k: u + length * last[k] for k, u in euler.items()}
        error = jnp.asarray(0.0)
        for shape in dict.fromkeys(u.shape for u in state.values()):
            worst = jnp.zeros(shape)
            for k, u in state.items():
                if u.shape == shape:
                    share = jnp.abs(0.5 * (u + beyond[k]) - euler[k]) / (
                        absolute[k] + relative * jnp.abs(u)
                    )
                    negative = jnp.minimum(euler[k], beyond[k]) < 0.0
                    worst = jnp.maximum(worst, jnp.where(negative, jnp.inf, share))
            error = jnp.maximum(error, jnp.max(worst))
        accepted = error <= 1.0
        growth = jnp.clip(0.9 / jnp.sqrt(jnp.maximum(error, 1e-6)), 0.2, 2.0)
        tried = length * jnp.where(jnp.isfinite(error), growth, 0.5)
        # a step cut short by the end of the march says nothing against the longer one
        follows = jnp.where(accepted & (length < step), jnp.maximum(step, tried), tried)
        follows = jnp.minimum(follows, longest)

        def choose(new: Any, old: Any) -> Any:  # noqa: ANN401
            return jax.tree.map(lambda a, b: jnp.where(accepted, a, b), new, old)

        final = {k: 0.5 * (u + beyond[k]) for k, u in state.items()}
        ended = accepted & (length >= left)
        return (
            choose(final, state),
            choose(after, memory),
            choose(gained, ledger),
            jnp.where(ended, duration, jnp.where(accepted, time + length, time)),
            follows,
            taken + accepted,
            rejected + ~accepted,
        )

    begin = (
        state,
        memory,
        empty,
        jnp.asarray(0.0),
        jnp.minimum(jnp.asarray(step), longest),
        jnp.asarray(0),
        jnp.asarray(0),
    )
    state, memory, ledger, time, step, taken, rejected = jax.lax.while_loop(
        unfinished, attempt, begin
    )
    return Marched(state, memory, ledger, step, taken, rejected, time < duration)
