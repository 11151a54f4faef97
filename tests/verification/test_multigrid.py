"""The multigrid cycle: exact coarse operators, safe bounds, a count of steps that stays small."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from trephine.core.errors import SolverError
from trephine.numerics import elasticity, galerkin, hexahedra, multigrid

Array = NDArray[np.float64]
Matrices = Callable[[Array], jax.Array]
SHAPE = (11, 10, 13)  # odd along x and z, so that the grids do not fit into one another
POISSON = 0.3


@cache
def rough() -> Array:
    """Moduli over five decades with holes and nothing smooth."""
    rng = np.random.default_rng(0)
    modulus = 10.0 ** rng.uniform(-1, 4, SHAPE)
    return np.where(rng.random(SHAPE) < 0.2, 0.0, modulus)


@cache
def levels() -> multigrid.Hierarchy:
    return multigrid.hierarchy(rough()[None], galerkin.material(POISSON), jnp.float64)


def noise(shape: tuple[int, ...], seed: int) -> Array:
    return np.random.default_rng(seed).standard_normal((3, *(n + 1 for n in shape)))


def test_collecting_forces_is_the_transpose_of_interpolating() -> None:
    coarse = multigrid.coarse_shapes(SHAPE)[0]
    x, r = noise(coarse, 1), noise(SHAPE, 2)
    fine = multigrid.prolong(jnp.asarray(x), hexahedra.nodes(SHAPE))
    down = multigrid.restrict(jnp.asarray(r))
    assert float((fine * r).sum()) == pytest.approx(float((down * x).sum()), rel=1e-12)
    assert float((fine * r).sum()) != pytest.approx(float((8 * down * x).sum()), rel=1e-3)


def exact_children(modulus: Array) -> jax.Array:
    return galerkin.first_coarse(jnp.asarray(modulus)[None], galerkin.material(POISSON).children)


def averaged_children(modulus: Array | jax.Array) -> jax.Array:
    """What a rediscretised coarse grid has: the mean modulus in a brick of twice the edge."""
    padded = jnp.pad(modulus, [(0, n % 2) for n in modulus.shape])
    mean = sum(padded[i::2, j::2, k::2] for i, j, k in hexahedra.CORNERS) / 8
    return mean[..., None, None] * 2.0 * hexahedra.stiffness(*hexahedra.lame(POISSON))


def galerkin_error(matrices: Matrices) -> float:
    """Difference between a coarse operator and the fine one between two interpolations."""
    coarse = multigrid.coarse_shapes(SHAPE)[0]
    x = jnp.asarray(noise(coarse, 3))
    u = levels().fine.free * multigrid.prolong(x, hexahedra.nodes(SHAPE))
    expected = multigrid.restrict(multigrid.product(levels().fine, u))
    found = galerkin.coarse_product(matrices(rough()), x)
    return float(jnp.abs(found - expected).max() / jnp.abs(expected).max())


def test_the_first_coarse_operator_is_the_fine_one_between_interpolations() -> None:
    assert galerkin_error(exact_children) < 1e-13
    assert galerkin_error(averaged_children) > 0.1


def test_each_further_coarse_operator_is_too() -> None:
    matrices = exact_children(rough())
    for shape in multigrid.coarse_shapes(SHAPE)[1:]:
        x = jnp.asarray(noise(shape, 4))
        finer = multigrid.prolong(x, hexahedra.nodes(matrices.shape[:3]))
        expected = multigrid.restrict(galerkin.coarse_product(matrices, finer))
        turned = galerkin.next_coarse(matrices[:, :, ::-1])
        matrices = galerkin.next_coarse(matrices)
        for found, close in ((matrices, True), (turned, False)):
            error = jnp.abs(galerkin.coarse_product(found, x) - expected).max()
            assert (float(error / jnp.abs(expected).max()) < 1e-13) is close


def test_the_bounds_are_nowhere_below_the_operators() -> None:
    for level in (levels().fine, *levels().coarse):
        shape = level.inverse_bound.shape[1:]
        x = jnp.asarray(np.random.default_rng(5).standard_normal((3, *shape)))
        for _ in range(200):
            x = x / jnp.sqrt((x * x).sum())
            x = level.inverse_bound * multigrid.product(level, x)
        largest = float(jnp.sqrt((x * x).sum()))
        assert 0.3 < largest <= 1.0 + 1e-12


def test_the_cycle_is_symmetric_and_positive() -> None:
    cycle = jax.jit(multigrid.cycle)
    r, s = (levels().fine.free * noise(SHAPE, seed) for seed in (6, 7))
    mr, ms = cycle(levels(), r), cycle(levels(), s)
    assert float((mr * s).sum()) == pytest.approx(float((ms * r).sum()), rel=1e-9)
    assert float((mr * r).sum()) > 0
    assert float((ms * r).sum()) != pytest.approx(float((ms * s).sum()), rel=1e-2)


def test_the_coarsest_operator_is_assembled_and_inverted() -> None:
    matrices = exact_children(rough())
    for _ in multigrid.coarse_shapes(SHAPE)[1:]:
        matrices = galerkin.next_coarse(matrices)
    whole = np.asarray(galerkin.assemble(matrices))
    x = noise(matrices.shape[:3], 8)
    expected = np.moveaxis(np.asarray(galerkin.coarse_product(matrices, x)), 0, -1).ravel()
    np.testing.assert_allclose(
        whole @ np.moveaxis(x, 0, -1).ravel(), expected, rtol=1e-9, atol=1e-9
    )
    inverse = np.asarray(galerkin.sweep(jnp.asarray(whole)))
    np.testing.assert_allclose(inverse, inverse.T, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(whole @ inverse @ whole, whole, atol=1e-6 * np.abs(whole).max())


def test_a_sweep_leaves_out_what_nothing_resists() -> None:
    a = np.random.default_rng(9).standard_normal((6, 4))
    singular = a @ a.T
    inverse = np.asarray(galerkin.sweep(jnp.asarray(singular)))
    np.testing.assert_allclose(singular @ inverse @ singular, singular, atol=1e-9)
    assert np.abs(inverse).max() < 1e6
    full = singular + np.eye(6)
    found = np.asarray(galerkin.sweep(jnp.asarray(full)))
    np.testing.assert_allclose(found, np.linalg.inv(full), atol=1e-12)


# --- the count of steps ------------------------------------------------------------------------

BLOCK = (34, 34, 36)


@cache
def radius_and_height() -> tuple[Array, Array]:
    x, y, z = np.meshgrid(*(1.5 * (np.arange(n) + 0.5 - n / 2) for n in BLOCK), indexing="ij")
    return np.hypot(x, y), np.abs(z)


@cache
def fracture(contrast: float) -> Array:
    """A cortical ring with a soft gap in soft tissue, and a removed nail in its canal."""
    radius, height = radius_and_height()
    modulus = np.full(BLOCK, 17000.0 / contrast)
    modulus[(radius > 8) & (radius < 14) & (height > 2)] = 17000.0
    modulus[radius < 5.5] = 0.0
    return modulus


def most_steps(modulus: Array, spacing: float = 1.5, poisson: Array | float = POISSON) -> int:
    """Largest count of two motions that are unlike each other; 201 where they do not converge."""
    try:
        found = elasticity.respond(
            modulus, spacing=spacing, poisson=poisson, motions=("axial", "bending_x")
        )
    except SolverError as error:
        return len(error.history)
    return max(found.iterations)


@pytest.mark.parametrize("contrast", [1e2, 1e4, 1e6])
def test_the_steps_stay_few_at_any_contrast(contrast: float) -> None:
    assert most_steps(fracture(contrast)) <= 12


def test_the_count_rejects_coarse_grids_of_averaged_moduli(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def averaged(moduli: jax.Array, children: jax.Array) -> jax.Array:
        return averaged_children(moduli[0])

    monkeypatch.setattr(galerkin, "first_coarse", averaged)
    jax.clear_caches()  # or the sound program would be found under the same name
    steps = most_steps(fracture(1e5))
    jax.clear_caches()
    assert steps > 24


def test_metal_beside_soft_tissue_takes_few_steps() -> None:
    radius, height = radius_and_height()
    modulus = np.where(fracture(17000 / 0.2) == 17000.0, 17000.0, 0.2)
    bonded = np.where(radius < 8, 200000.0, modulus)
    assert most_steps(bonded) <= 10
    # Worst of all: two stiff bodies a voxel or two apart, which coarse levels hold for one.
    loose = np.where((radius < 5) | ((radius < 8) & (height > 24)), 200000.0, modulus)
    assert most_steps(loose) < 30


def test_nearly_incompressible_tissue_takes_few_steps() -> None:
    radius, height = radius_and_height()
    modulus = np.where(fracture(1e5) == 17000.0, 17000.0, 0.2)
    callus = (radius < 16) & (height < 10) & (modulus < 17000)
    modulus[callus] = np.where(np.sin(radius + height) > 0, 200.0, 3.0)[callus]
    ratio = np.where(callus, 0.45, np.where(modulus < 1, 0.167, 0.3))
    assert most_steps(modulus, poisson=ratio) < 25


def test_random_moduli_over_six_decades_with_holes_converge() -> None:
    rng = np.random.default_rng(0)
    modulus = 10.0 ** rng.uniform(-3, 3, (20, 20, 20))
    modulus[rng.random(modulus.shape) < 0.4] = 0.0
    assert most_steps(modulus) < 150


def healing(edges: int, stiffness: float) -> tuple[Array, float]:
    """A shaft with a gap of 4 mm in which tissue of some stiffness fills a callus."""
    spacing = 24.0 / edges
    places = spacing * (np.arange(edges) + 0.5) - 12.0
    x, y, z = np.meshgrid(places, places, places, indexing="ij")
    radius, height = np.hypot(x, y), np.abs(z)
    modulus = np.where((radius < 10) & (height < 7), stiffness, 0.2)
    modulus[(radius > 4) & (radius < 8) & (height > 2)] = 17000.0
    return modulus, spacing


def test_the_count_grows_little_when_the_voxel_is_halved_and_stays_low_in_healing() -> None:
    for stiffness in (0.2, 20.0, 6000.0):
        coarse, fine = (most_steps(*healing(edges, stiffness)) for edges in (12, 24))
        assert fine <= max(1.3 * coarse, coarse + 2)
        assert fine < 20


def test_the_mesh_study_rejects_a_smoother_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = multigrid.restrict
    monkeypatch.setattr(multigrid, "restrict", lambda r: 0.0 * whole(r))
    jax.clear_caches()
    coarse, fine = (most_steps(*healing(edges, 20.0)) for edges in (6, 12))
    jax.clear_caches()
    assert fine > 1.3 * coarse


def test_a_small_change_costs_a_few_steps() -> None:
    modulus = fracture(1e4)
    before = elasticity.respond(modulus, spacing=1.5)
    changed = modulus * (1 + 0.05 * np.sin(np.arange(modulus.size)).reshape(BLOCK))
    cold = elasticity.respond(changed, spacing=1.5)
    earlier = elasticity.precondition(modulus, spacing=1.5)
    for preconditioner in (None, earlier):
        warm = elasticity.respond(
            changed, spacing=1.5, guess=before.displacement, preconditioner=preconditioner
        )
        assert warm.iterations[0] <= 5 < cold.iterations[0]
        np.testing.assert_allclose(warm.stiffness, cold.stiffness, rtol=1e-8)
