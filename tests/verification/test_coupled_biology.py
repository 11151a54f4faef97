"""The whole healing model at once: second order in time and in space, double and single."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from single_terms import column, numbers
from trephine.models import migration
from trephine.models.callus import CALLUS
from trephine.models.healing import advance, rates_of
from trephine.models.model import Fast, Strain
from trephine.numerics.advection import upwind

DAYS, LENGTH = 4.0, 12.0
SIZE = {field.name: field.floor for field in CALLUS.fields}


def smooth(n: int) -> dict[str, jax.Array]:
    """Return a column in the middle of healing: every field there, none with a kink."""
    z = (jnp.arange(n) + 0.5) * LENGTH / n
    wave = {k: jnp.cos(k * jnp.pi * z / LENGTH) for k in (1, 2, 3)}
    soft = {
        "progenitor_host": 0.01 + 0.004 * wave[2],
        "progenitor_injected": 0.05 * jnp.exp(-(((z - 5.0) / 2.5) ** 2)),
        "fibroblast": 0.2 + 0.1 * wave[1],
        "chondrocyte": 0.15 + 0.05 * wave[3],
        "osteoblast": 0.1 - 0.05 * wave[1],
        "inert_nucleated": 0.5 + 0.3 * wave[2],
        "perfusion": 0.4 - 0.2 * wave[1],
        "fibrous": 0.3 + 0.1 * wave[1],
        "cartilage": 0.15 + 0.05 * wave[2],
        "woven": 0.1 - 0.05 * wave[1],
        "mineralised": 0.05 - 0.02 * wave[1],
        "clot": 0.2 + 0.1 * wave[2],
    }
    return {name: soft.get(name, 0.02 + 0.0 * z).reshape(1, 1, n) for name in CALLUS.names}


def around(n: int) -> dict[str, Any]:
    """Return tissue and strain of the column."""
    z = (jnp.arange(n) + 0.5).reshape(1, 1, n) / n
    strain = Strain(0.03 + 0.02 * jnp.cos(jnp.pi * z), 0.0 * z, 0.0 * z)
    return {"tissue": column(n, LENGTH / n), "strain": strain}


def at_rest(n: int) -> Fast:
    fields = CALLUS.at_rest((1, 1, n), numbers())
    return Fast({name: jnp.asarray(u, float) for name, u in fields.items()}, jnp.zeros(()))


@cache
def rates(n: int) -> Any:
    """Return the compiled rates of change of the column's state."""
    given, p = around(n), numbers()

    @jax.jit
    def of(state: dict[str, jax.Array]) -> dict[str, jax.Array]:
        fast = CALLUS.settle(state, given["tissue"], p, at_rest(n), jnp.asarray(1e-11))
        return rates_of(CALLUS, state, fast, given["strain"], given["tissue"], p)[0]

    return of


# --- in time ------------------------------------------------------------------------------------

COARSE = 12


@cache
def reference() -> dict[str, np.ndarray[Any, Any]]:
    """Return the column after some days by an independent integrator of high order."""
    start = smooth(COARSE)

    def flat(_: float, y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        parts = y.reshape(len(start), 1, 1, COARSE)
        found = rates(COARSE)(dict(zip(start, parts, strict=True)))
        return np.concatenate([np.asarray(found[name]).ravel() for name in start])

    begun = np.concatenate([np.asarray(u).ravel() for u in start.values()])
    solved = solve_ivp(flat, (0.0, DAYS), begun, method="DOP853", rtol=1e-9, atol=1e-11)
    assert solved.success
    return dict(zip(start, solved.y[:, -1].reshape(len(start), 1, 1, COARSE), strict=True))


def after(step: float, *, tolerance: float = 1e-9, precision: Any = "double") -> Any:
    return advance(
        CALLUS,
        smooth(COARSE),
        at_rest(COARSE),
        **around(COARSE),
        p=numbers(),
        duration=jnp.asarray(DAYS),
        step=jnp.asarray(step),
        longest=jnp.asarray(step),
        tolerance=jnp.asarray(tolerance),
        relative=1e3,
        precision=precision,
    )


def error_in_time(step: float, **twin: Any) -> float:
    """Return the largest error of any field, relative to the size from which it matters."""
    marched = after(step, **twin)
    assert not bool(marched.failed)
    off = (
        np.abs(np.asarray(marched.state[name]) - u) / (SIZE[name] + np.abs(u))
        for name, u in reference().items()
    )
    return float(np.max([each.max() for each in off]))


def test_the_coupled_biology_is_second_order_in_time() -> None:
    errors = [error_in_time(step) for step in (1 / 8, 1 / 16, 1 / 32)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx([2, 2], abs=0.2)
    assert errors[-1] < 1e-3


def test_the_check_rejects_oxygen_and_signal_that_are_not_solved_for() -> None:
    errors = [error_in_time(step, tolerance=1e9) for step in (1 / 8, 1 / 16, 1 / 32)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders != pytest.approx([2, 2], abs=0.2)


def test_single_precision_rates_change_nothing_that_matters_and_budgets_still_close() -> None:
    double, single = after(1 / 16), after(1 / 16, precision="single")
    volume = (LENGTH / COARSE) ** 3
    off = []
    for name, start in smooth(COARSE).items():
        one, two = np.asarray(double.state[name]), np.asarray(single.state[name])
        assert one.dtype == two.dtype == np.float64
        assert two.min() >= 0.0
        off.append(np.max(np.abs(one - two) / (SIZE[name] + np.abs(one))))
        entries = [float(v) for k, v in single.ledger.items() if k.startswith(f"{name}/")]
        change = float(np.sum(two - np.asarray(start))) * volume
        assert abs(change - sum(entries)) <= 1e-9 * sum(map(abs, entries)), name
    assert 0.0 < max(off) < 2e-5


# --- in space -----------------------------------------------------------------------------------


def halved(u: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return u.reshape(-1, 2).mean(axis=1)


def orders_in_space() -> dict[str, float]:
    """Return the observed order of the rates of each field that moves, away from the ends."""
    found = [
        {name: np.asarray(u).ravel() for name, u in rates(n)(smooth(n)).items()}
        for n in (48, 96, 192)
    ]
    orders = {}
    for name in ("progenitor_host", "progenitor_injected", "fibroblast", "perfusion", "osteoblast"):
        coarse, middle, fine = (rate[name] for rate in found)
        inner = slice(len(coarse) // 8, -len(coarse) // 8)
        first = np.mean(np.abs(coarse - halved(middle))[inner])
        second = np.mean(np.abs(halved(middle) - halved(halved(fine)))[inner])
        orders[name] = float(np.log2(first / second))
    return orders


def test_the_coupled_biology_is_second_order_in_space() -> None:
    for name, order in orders_in_space().items():
        assert order == pytest.approx(2.0, abs=0.2), name


def test_the_check_rejects_a_first_order_flux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "advect", upwind)
    rates.cache_clear()
    order = orders_in_space()["progenitor_host"]
    rates.cache_clear()
    assert order != pytest.approx(2.0, abs=0.2)
