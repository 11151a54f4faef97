"""Time stepping: order two, positive, and its error control honest."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

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
