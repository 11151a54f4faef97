"""Fields in balance against closed solutions, with twins that must be rejected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from trephine.numerics.diffusion import diffuse
from trephine.numerics.elliptic import Solved, balance, balance_saturable
from trephine.numerics.faces import Faces, aperture, arithmetic
from trephine.numerics.stencil import Links


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


# --- three dimensions ---------------------------------------------------------------------------

HALF, LEVEL = 0.7, 3.0


def block(n: int) -> tuple[jax.Array, jax.Array, jax.Array, float]:
    h = 1.0 / n
    axis = (jnp.arange(n) + 0.5) * h
    x, y, z = jnp.meshgrid(axis, axis, axis, indexing="ij")
    return x, y, z, h


def wave(x: jax.Array, y: jax.Array, z: jax.Array) -> jax.Array:
    """Positive, zero-flux on the walls, different along each axis."""
    return 1.5 + jnp.cos(jnp.pi * x) * jnp.cos(2 * jnp.pi * y) * jnp.cos(jnp.pi * z)


def spread(x: jax.Array, y: jax.Array, z: jax.Array) -> jax.Array:
    return 1.0 + 0.5 * x + 0.3 * y * y + 0.2 * z


def flux_of_wave(x: jax.Array, y: jax.Array, z: jax.Array) -> jax.Array:
    """Return div(D grad u) of the wave, by differentiating it."""

    def u(at: jax.Array) -> jax.Array:
        return wave(at[0], at[1], at[2])

    def divergence(at: jax.Array) -> jax.Array:
        slope = jax.jacfwd(lambda q: spread(q[0], q[1], q[2]) * jax.grad(u)(q))
        return jnp.trace(slope(at))

    points = jnp.stack([x.ravel(), y.ravel(), z.ravel()], 1)
    return jax.vmap(divergence)(points).reshape(x.shape)


def conductance_of(x: jax.Array, y: jax.Array, z: jax.Array) -> Faces:
    return arithmetic(spread(x, y, z))


def linear(n: int, absorbed: float = 1.0) -> Solved:
    x, y, z, h = block(n)
    k = 2.0 + x * y + z
    source = k * wave(x, y, z) - flux_of_wave(x, y, z)
    faces = conductance_of(x, y, z)
    return balance(absorbed * k, source, faces, h, jnp.zeros_like(x), 1e-10)


def saturable(n: int, half_value: float = HALF) -> Solved:
    """Solve for the wave: the largest uptake is made so that it is the exact balance."""
    x, y, z, h = block(n)
    u, supply = wave(x, y, z), 90.0 + 10.0 * x
    uptake = (supply * (LEVEL - u) + flux_of_wave(x, y, z)) * (HALF + u) / u
    faces = conductance_of(x, y, z)
    start = jnp.full_like(x, LEVEL)
    return balance_saturable(uptake, half_value, supply, LEVEL, faces, h, start, 1e-10)


def wave_error(solve: Callable[..., Solved], n: int, **twin: Any) -> float:
    x, y, z, _ = block(n)
    solved = solve(n, **twin)
    assert float(solved.residual) <= 1e-10
    return float(jnp.max(jnp.abs(solved.u - wave(x, y, z))))


@pytest.mark.parametrize(("solve", "finest"), [(linear, 1.040e-3), (saturable, 5.5e-4)])
def test_a_field_in_balance_is_second_order(solve: Callable[..., Solved], finest: float) -> None:
    errors = [wave_error(solve, n) for n in (12, 24, 48)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx([2, 2], abs=0.1)
    assert errors[-1] == pytest.approx(finest, rel=0.05)


@pytest.mark.parametrize(
    ("solve", "twin"), [(linear, {"absorbed": 1.05}), (saturable, {"half_value": 0.75})]
)
def test_the_check_rejects_another_law(
    solve: Callable[..., Solved], twin: dict[str, float]
) -> None:
    errors = [wave_error(solve, n, **twin) for n in (12, 24)]
    assert np.log2(errors[0] / errors[1]) < 1.0


# --- what is reported ---------------------------------------------------------------------------


def tissue(n: int = 16) -> dict[str, Any]:
    """Return oxygen in a patchy tissue: walls, cells in clumps, vessels on one side."""
    rng = np.random.default_rng(2)
    share = jnp.asarray(np.where(rng.random((n, n, n)) < 0.1, 0.0, 1.0))
    cells = jnp.asarray(rng.random((n, n, n)) ** 4) * share
    x, y, z = aperture(share)
    supply = 20.0 * jnp.broadcast_to(jnp.arange(n).reshape(n, 1, 1) < 4, share.shape) * share
    return {
        "uptake": 1800.0 * cells,
        "half_value": 1.1,
        "supply": supply,
        "level": 90.0,
        "conductance": (173.0 * x, 173.0 * y, 173.0 * z),
        "spacing": 0.5,
    }


@jax.jit
def oxygen(
    q: dict[str, Any], guess: jax.Array, tolerance: float, most_iterations: int = 20000
) -> Solved:
    return balance_saturable(**q, guess=guess, tolerance=tolerance, most_iterations=most_iterations)


FULL = np.full((16,) * 3, 90.0)


def unbalanced(q: dict[str, Any], u: jax.Array) -> tuple[float, float, float]:
    """Return what is left over in all voxels, supply and uptake, by the plain operators."""
    supply = q["supply"] * (q["level"] - u)
    uptake = q["uptake"] * u / (q["half_value"] + u)
    left = supply - uptake + diffuse(u, q["conductance"], q["spacing"])
    return float(jnp.abs(left).sum()), float(supply.sum()), float(uptake.sum())


def test_the_reported_residual_is_that_of_the_equation() -> None:
    q = tissue()
    for tolerance in (1e-3, 1e-5, 1e-9):
        solved = oxygen(q, FULL, tolerance)
        left, _, uptake = unbalanced(q, solved.u)
        reported = float(solved.residual)
        assert left / uptake == pytest.approx(reported, rel=0.05, abs=1e-13)
        assert reported <= tolerance


def test_supply_and_uptake_of_oxygen_agree() -> None:
    q = tissue()
    solved = oxygen(q, FULL, 1e-5)
    _, supply, uptake = unbalanced(q, solved.u)
    assert uptake > 1e4
    assert abs(supply / uptake - 1.0) <= 1e-5
    assert float(solved.u.min()) >= 0.0
    assert float(solved.u.max()) <= 90.0


def test_the_check_rejects_a_balance_in_single_precision_alone() -> None:
    """The correction alone is single; a field kept in single would leave more than it may."""
    q = tissue()
    solved = oxygen(q, FULL, 1e-9)
    rounded = solved.u.astype(jnp.float32).astype(float)
    left, _, uptake = unbalanced(q, rounded)
    assert left / uptake > 1e-6


def test_a_solution_asks_for_no_work_and_a_near_one_for_little() -> None:
    q = tissue()
    cold = oxygen(q, FULL, 1e-5)
    again = oxygen(q, cold.u, 1e-5)
    near = q | {"uptake": 1.0001 * q["uptake"]}
    warm = oxygen(near, cold.u, 1e-5)
    assert int(again.iterations) == 0
    assert again.u.tobytes() == cold.u.tobytes()
    assert 0 < int(warm.iterations) < 0.4 * int(cold.iterations)


def test_a_balance_that_may_not_work_says_that_it_did_not() -> None:
    q = tissue()
    solved = oxygen(q, FULL, 1e-5, 3)
    assert float(solved.residual) > 1e-5


def test_links_are_the_plain_divergence() -> None:
    rng = np.random.default_rng(7)
    for shape in ((5, 4, 6), (1, 7, 3), (1, 1, 1)):
        u = jnp.asarray(rng.random(shape))
        faces = arithmetic(jnp.asarray(rng.random(shape)))
        links = Links.of(faces, 0.5, shape)
        inflow = links.inflow(links.padded(u.ravel()))
        np.testing.assert_allclose(inflow.reshape(shape), diffuse(u, faces, 0.5), atol=1e-12)
        apart = links.neighbours(links.padded(u.ravel())) - links.sums() * u.ravel()
        np.testing.assert_allclose(inflow, apart, atol=1e-12)
