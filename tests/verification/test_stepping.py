"""Time stepping: order two, positive, and its error control honest."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from trephine.numerics import foresight
from trephine.numerics.advection import advect, upwind
from trephine.numerics.diffusion import diffuse, longest_step
from trephine.numerics.faces import aperture, difference
from trephine.numerics.stepping import march


def decay_and_growth(state: dict[str, Any], memory: Any) -> tuple[Any, Any, Any]:
    """Return a coupled pair with a known solution: a decays into b, b decays faster."""
    a, b = state["a"], state["b"]
    rates = {"a": -0.7 * a, "b": 0.7 * a - 1.9 * b}
    return rates, memory, {"a/decay": jnp.sum(-0.7 * a), "b/gain": jnp.sum(0.7 * a - 1.9 * b)}


def exact(t: float) -> tuple[float, float]:
    a = float(np.exp(-0.7 * t))
    return a, 0.7 / 1.2 * (a - float(np.exp(-1.9 * t)))


def error_at(step: float, rates: Any = decay_and_growth) -> float:
    start = {"a": jnp.ones(3), "b": jnp.zeros(3)}
    marched = march(
        rates, start, 0.0, 2.0, step, longest=step, relative=1e3, absolute={"a": 1e3, "b": 1e3}
    )
    assert not bool(marched.failed)
    return abs(float(marched.state["b"][0]) - exact(2.0)[1])


def lagging(state: dict[str, Any], memory: Any) -> tuple[Any, Any, Any]:
    """Remember the last state and take the rates from it: a plausible mistake."""
    rates, _, ledger = decay_and_growth(memory, None)
    return rates, state, ledger


def test_a_step_is_second_order() -> None:
    errors = [error_at(step) for step in (0.04, 0.02, 0.01)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx([2, 2], abs=0.1)
    assert errors[-1] == pytest.approx(1.37e-6, rel=0.02)


def test_the_check_rejects_rates_that_lag() -> None:
    def run(step: float) -> float:
        start = {"a": jnp.ones(3), "b": jnp.zeros(3)}
        marched = march(
            lagging,
            start,
            start,
            2.0,
            step,
            longest=step,
            relative=1e3,
            absolute={"a": 1e3, "b": 1e3},
        )
        return abs(float(marched.state["b"][0]) - exact(2.0)[1])

    errors = [run(step) for step in (0.04, 0.02, 0.01)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders != pytest.approx([2, 2], abs=0.1)


def test_the_ledger_accounts_for_every_change() -> None:
    start = {"a": jnp.ones(4), "b": jnp.zeros(4)}
    marched = march(
        decay_and_growth,
        start,
        0.0,
        3.0,
        0.3,
        longest=0.3,
        relative=1e-3,
        absolute={"a": 1e-5, "b": 1e-5},
    )
    for name, entry in (("a", "a/decay"), ("b", "b/gain")):
        change = float(jnp.sum(marched.state[name] - start[name]))
        assert float(marched.ledger[entry]) == pytest.approx(change, rel=1e-12)


def test_the_error_follows_the_tolerance() -> None:
    found = []
    for relative in (1e-2, 1e-4):
        start = {"a": jnp.ones(1), "b": jnp.zeros(1)}
        marched = march(
            decay_and_growth,
            start,
            0.0,
            2.0,
            0.5,
            longest=1.0,
            relative=relative,
            absolute={"a": relative, "b": relative},
        )
        found.append(abs(float(marched.state["a"][0]) - exact(2.0)[0]))
    assert found[0] < 1e-2
    assert found[1] < found[0] / 20


def test_a_step_that_would_turn_negative_is_halved() -> None:
    def harsh(state: dict[str, Any], memory: Any) -> tuple[Any, Any, Any]:
        rate = {"a": -8.0 * state["a"]}
        return rate, memory, {"a/loss": jnp.sum(rate["a"])}

    marched = march(
        harsh, {"a": jnp.ones(1)}, 0.0, 1.0, 0.5, longest=0.5, relative=1e3, absolute={"a": 1e3}
    )
    assert int(marched.rejected) >= 1
    assert float(marched.state["a"][0]) > 0.0


def test_a_march_that_cannot_go_on_says_so() -> None:
    def impossible(state: dict[str, Any], memory: Any) -> tuple[Any, Any, Any]:
        return {"a": jnp.full_like(state["a"], -1e12)}, memory, {"a/loss": jnp.asarray(0.0)}

    marched = march(
        impossible,
        {"a": jnp.zeros(1)},
        0.0,
        1.0,
        0.5,
        longest=0.5,
        relative=1e3,
        absolute={"a": 1e3},
    )
    assert bool(marched.failed)


# --- transport in time --------------------------------------------------------------------------


def decaying_wave(steps: int, order: int = 2) -> float:
    """Return the error of a discrete cosine that diffuses: it decays by a known rate."""
    n, h, d = 16, 0.5, 0.4
    wave = jnp.cos(5 * jnp.pi * (jnp.arange(n) + 0.5) / n).reshape(n, 1, 1)
    x, y, z = aperture(jnp.ones((n, 1, 1)))
    rate = 2.0 * d / h**2 * (1.0 - np.cos(5 * np.pi / n))
    days = 1.0

    def rates(state: dict[str, Any], memory: Any) -> tuple[Any, Any, Any]:
        # the twin takes the rates of the start of the step at its end
        seen = state["u"] if order == 2 else memory
        return {"u": diffuse(seen, (d * x, d * y, d * z), h)}, state["u"], {}

    start = {"u": 2.0 + wave}
    marched = march(
        rates,
        start,
        start["u"],
        days,
        days / steps,
        longest=days / steps,
        relative=1e3,
        absolute={"u": 1e3},
    )
    assert days / steps < longest_step(d, h)
    return float(jnp.max(jnp.abs(marched.state["u"] - 2.0 - np.exp(-rate * days) * wave)))


def test_diffusion_in_time_is_second_order() -> None:
    errors = [decaying_wave(steps) for steps in (16, 32, 64)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx([2, 2], abs=0.1)
    assert errors[-1] == pytest.approx(2.857e-5, rel=0.02)


def test_the_check_rejects_rates_of_the_wrong_moment() -> None:
    errors = [decaying_wave(steps, order=1) for steps in (16, 32, 64)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders != pytest.approx([2, 2], abs=0.1)


def manufactured_error(n: int, taxis: Any = advect) -> float:
    """Return the error of cells that diffuse, climb and grow, with the source this asks for.

    Space and time are refined together; a clock in the state tells the source the time.
    """
    h, d, r = 2.0 / n, 0.004, 1.0
    x = ((jnp.arange(n) + 0.5) * h).reshape(n, 1, 1)
    faces = aperture(jnp.ones((n, 1, 1)))
    velocity = tuple(0.3 * slope for slope in difference(0.5 * x**2 - x**3 / 6, h))

    def cells(place: Any, time: Any) -> Any:
        return jnp.exp(0.6 * place) * (1.0 + 0.3 * jnp.sin(3.0 * time))

    def source(time: jax.Array) -> jax.Array:
        def at(place: jax.Array) -> jax.Array:
            def flux(q: jax.Array) -> jax.Array:
                return 0.3 * (q - 0.5 * q**2) * cells(q, time) - d * jax.grad(cells)(q, time)

            u = cells(place, time)
            return jax.grad(cells, 1)(place, time) + jax.grad(flux)(place) - r * u * (1 - u)

        return jax.vmap(at)(x.ravel()).reshape(x.shape)

    def ends(time: jax.Array) -> jax.Array:
        """Return what diffuses in through the two ends, which the closed walls keep out."""
        slope = 0.6 * cells(jnp.asarray([0.0, 2.0]), time) * jnp.asarray([-1.0, 1.0])
        return jnp.zeros((n, 1, 1)).at[jnp.asarray([0, n - 1]), 0, 0].set(d * slope / h)

    def rates(state: dict[str, Any], memory: Any) -> tuple[Any, Any, Any]:
        u, time = state["u"], state["clock"]
        moved = diffuse(u, tuple(d * face for face in faces), h) + taxis(u, velocity, h)
        change = moved + r * u * (1 - u) + source(time) + ends(time)
        return {"u": change, "clock": jnp.ones(())}, memory, {}

    start = {"u": cells(x, 0.0), "clock": jnp.zeros(())}
    limits = {"u": 1e3, "clock": 1e3}
    marched = march(rates, start, 0.0, 1.0, 1.0 / n, longest=1.0 / n, relative=1e3, absolute=limits)
    assert not bool(marched.failed)
    return float(jnp.mean(jnp.abs(marched.state["u"] - cells(x, 1.0))))


def test_cells_that_move_and_grow_are_second_order_in_space_and_time() -> None:
    errors = [manufactured_error(n) for n in (64, 128, 256)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx([2, 2], abs=0.15)
    assert errors[-1] == pytest.approx(7.62e-6, rel=0.05)


def test_the_check_rejects_a_first_order_flux() -> None:
    errors = [manufactured_error(n, upwind) for n in (64, 128, 256)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx([1, 1], abs=0.15)


# --- guesses ------------------------------------------------------------------------------------


def missed(step: float, *, mended: bool = True, uneven: bool = False) -> float:
    """Return how far the guesses of a field in balance are off, once a march has got going.

    The field is a nonlinear function of a state that oscillates; what each guess missed is
    entered in the memory, and the largest is returned.
    """

    def rates(state: dict[str, Any], memory: Any) -> tuple[Any, Any, Any]:
        guess, history, worst, count = memory
        a, b = state["a"], state["b"]
        field = jnp.exp(0.5 * a) + b**2
        off = jnp.where(count >= 6, jnp.max(jnp.abs(guess["f"] - field)), 0.0)
        told = ({"f": field}, history, jnp.maximum(worst, off), count + 1.0)
        return {"a": b - 3.0, "b": 3.0 - a}, told, {}

    def ahead(memory: Any, stage: jax.Array, length: jax.Array) -> Any:
        fields, history, worst, count = memory
        if mended:
            fields, history = jax.lax.cond(
                stage == 0,
                lambda: foresight.at_start(fields, history),
                lambda: foresight.at_end(fields, history, length),
            )
        return fields, history, worst, count

    start = {"a": jnp.full((2, 1, 1), 2.0), "b": jnp.full((2, 1, 1), 2.5)}
    fields = {"f": jnp.exp(0.5 * start["a"]) + start["b"] ** 2}
    memory = (fields, foresight.forgotten(fields), jnp.zeros(()), jnp.zeros(()))
    marched = march(
        rates,
        start,
        memory,
        2.0 if not uneven else 1.7 * step + 1.0,
        step,
        longest=step,
        relative=1e3,
        absolute={"a": 1e3, "b": 1e3},
        foresee=ahead,
    )
    return float(marched.memory[2])


def test_a_guess_is_third_order() -> None:
    """So a balance is nearly there before any work, the more so the shorter the step."""
    off = [missed(step) for step in (0.1, 0.05, 0.025)]
    orders = np.log2(np.array(off[:-1]) / np.array(off[1:]))
    assert orders == pytest.approx([3, 3], abs=0.1)


def test_the_check_rejects_the_last_solution_as_a_guess() -> None:
    off = [missed(step, mended=False) for step in (0.1, 0.05, 0.025)]
    orders = np.log2(np.array(off[:-1]) / np.array(off[1:]))
    assert orders == pytest.approx([1, 1], abs=0.1)
    assert off[-1] > 50 * missed(0.025)


def test_guesses_of_uneven_steps_stay_close() -> None:
    assert missed(0.05, uneven=True) < 4 * missed(0.05)
