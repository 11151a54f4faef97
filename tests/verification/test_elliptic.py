"""Fields in balance against closed solutions, with twins that must be rejected."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from trephine.numerics.elliptic import balance, balance_saturable
from trephine.numerics.faces import aperture


def slab(n: int, length: float) -> tuple[jnp.ndarray, float, tuple[int, int, int]]:
    h = length / n
    return (jnp.arange(n) + 0.5) * h, h, (n, 1, 1)


def cosine_error(n: int, clearance: float = 4.0) -> float:
    """Return the error of a steady field with a cosine source and closed walls."""
    x, h, shape = slab(n, 2.0)
    wave = jnp.cos(jnp.pi * x / 2.0).reshape(shape)
    d = 1.5
    source = (4.0 + d * (jnp.pi / 2.0) ** 2) * wave
    faces = aperture(jnp.ones(shape))
    conductance = (d * faces[0], d * faces[1], d * faces[2])
    solved = balance(jnp.full(shape, clearance), source, conductance, h, 0.0 * wave, 1e-12)
    assert float(solved.residual) <= 1e-12
    return float(jnp.max(jnp.abs(solved.u - wave)))


def test_a_steady_field_is_second_order() -> None:
    errors = [cosine_error(n) for n in (20, 40, 80)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx([2, 2], abs=0.1)
    assert errors[-1] < 2e-4


def test_the_check_rejects_a_wrong_clearance() -> None:
    errors = [cosine_error(n, clearance=4.1) for n in (20, 40, 80)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders != pytest.approx([2, 2], abs=0.1)


def depth(uptake: float, half_value: float) -> float:
    """Return how deep 0.2 mmHg of oxygen lies in cells fed from one side at 40 mmHg [mm]."""
    n, length = 400, 5.0
    x, h, shape = slab(n, length)
    fed = jnp.zeros(shape).at[0].set(1e9)
    faces = aperture(jnp.ones(shape))
    conductance = (173.0 * faces[0], faces[1], faces[2])
    solved = balance_saturable(
        jnp.full(shape, uptake), half_value, fed, 40.0, conductance, h, jnp.full(shape, 40.0), 1e-10
    )
    assert float(solved.residual) <= 1e-10
    oxygen = np.asarray(solved.u).ravel()
    return float(np.interp(-0.2, -oxygen, np.asarray(x)))


def test_oxygen_reaches_as_deep_as_the_closed_formula() -> None:
    """Zero-order uptake is met to L = sqrt(2 D n0 / (q c)) = 2.77 mm at 1e6 cells/mL.

    The profile is n0 (1 - x / L)^2, so 0.2 mmHg lies at L (1 - sqrt(0.2 / 40)).
    """
    reach = np.sqrt(2 * 173.0 * 40.0 / 1800.0)
    assert reach == pytest.approx(2.77, abs=0.005)
    expected = reach * (1 - np.sqrt(0.2 / 40))
    assert depth(1800.0, half_value=0.001) == pytest.approx(expected, rel=0.01)


def test_the_check_rejects_twice_the_uptake() -> None:
    assert depth(3600.0, half_value=0.001) != pytest.approx(2.577, rel=0.05)


def test_a_closed_voxel_holds_nothing() -> None:
    shape = (6, 4, 4)
    open_share = jnp.ones(shape).at[3].set(0.0)
    solved = balance(open_share, open_share, aperture(open_share), 1.0, jnp.zeros(shape), 1e-10)
    assert float(jnp.max(jnp.abs(solved.u[3]))) == 0.0
    assert float(jnp.max(jnp.abs(solved.u[:3] - 1.0))) < 1e-9
