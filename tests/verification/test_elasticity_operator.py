"""The elastic operator: patch tests, manufactured displacements, bending; all reject sabotage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import linalg

from trephine.numerics.elasticity import apply

Array = NDArray[np.float64]
Operator = Callable[..., Array]
POISSON = 0.3


def points(n: int) -> tuple[Array, ...]:
    """Coordinates of the nodes of a unit cube of n elements an edge."""
    return tuple(np.meshgrid(*[np.linspace(0, 1, n + 1)] * 3, indexing="ij"))


def orders(errors: list[float]) -> Array:
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


def wrong_poisson(u: Array, modulus: Array, spacing: float, *, poisson: float) -> Array:
    return apply(u, modulus, spacing, poisson=poisson - 0.05)


def swapped_axes(u: Array, modulus: Array, spacing: float, *, poisson: float) -> Array:
    return apply(u[[1, 0, 2]], modulus, spacing, poisson=poisson)[[1, 0, 2]]


def stress(gradient: Array, poisson: float) -> Array:
    """Hooke's law for a modulus of one."""
    strain = (gradient + gradient.T) / 2
    lame = poisson / ((1 + poisson) * (1 - 2 * poisson))
    return lame * np.trace(strain) * np.eye(3) + strain / (1 + poisson)


GRADIENT = np.array([[0.3, 0.1, -0.2], [0.4, -0.5, 0.2], [0.1, 0.6, 0.7]])


def patch_error(operator: Operator, n: int = 8) -> float:
    """Relative error of the forces of a linear field: none inside, the traction on each face."""
    u = np.einsum("ij,jxyz->ixyz", GRADIENT, np.stack(points(n)))
    forces = operator(u, np.full((n, n, n), 7.0), 1.0 / n, poisson=POISSON)
    traction = 7.0 * stress(GRADIENT, POISSON)
    errors = [np.abs(forces[:, 1:-1, 1:-1, 1:-1]).max() * n**2]
    for axis in range(3):
        face = np.take(forces, -1, axis=axis + 1)
        inner = face[:, 1:-1, 1:-1].reshape(3, -1) * n**2
        errors.append(np.abs(inner - traction[:, axis, None]).max())
    return float(max(errors) / np.abs(traction).max())


def test_a_linear_field_is_in_balance_and_pulls_as_hooke_says() -> None:
    assert patch_error(apply) < 1e-10


@pytest.mark.parametrize("sabotage", [wrong_poisson, swapped_axes])
def test_the_patch_rejects_a_broken_operator(sabotage: Operator) -> None:
    assert patch_error(sabotage) > 1e-2


# --- a Poisson's ratio that varies --------------------------------------------------------------

STRAINS = np.eye(3)[:, None, :, None] * np.eye(3)[None, :, None, :]
"""Unit displacement gradients, (row, column, 3, 3)."""


def mixed(constant: str, n: int = 6) -> tuple[Array, Array]:
    """Moduli and ratios at random, with the shear modulus or the bulk modulus the same."""
    ratio = np.random.default_rng(6).uniform(-0.2, 0.45, (n, n, n))
    modulus = 2 * (1 + ratio) if constant == "shear" else 3 * (1 - 2 * ratio)
    return modulus, ratio


def mixed_patch_error(gradient: Array, constant: str, seen: Callable[[Array], Array]) -> float:
    """Force inside and error of the traction under a strain to which all elements answer alike."""
    n = 6
    modulus, ratio = mixed(constant, n)
    u = np.einsum("ij,jxyz->ixyz", gradient, np.stack(points(n)))
    forces = apply(u, modulus, 1.0 / n, poisson=seen(ratio))
    strain = (gradient + gradient.T) / 2
    traction = (2 if constant == "shear" else 3) * strain
    faces = [np.take(forces, -1, axis=a + 1)[:, 1:-1, 1:-1].reshape(3, -1) * n**2 for a in range(3)]
    errors = [np.abs(face - traction[:, a, None]).max() for a, face in enumerate(faces)]
    return float(max(np.abs(forces[:, 1:-1, 1:-1, 1:-1]).max() * n**2, *errors))


DEVIATORIC = [
    STRAINS[0, 1],
    STRAINS[1, 2],
    STRAINS[2, 0],
    STRAINS[0, 0] - STRAINS[1, 1],
    STRAINS[1, 1] - STRAINS[2, 2],
]
SIX = [*((strain, "shear") for strain in DEVIATORIC), (np.eye(3), "bulk")]


@pytest.mark.parametrize(("gradient", "constant"), SIX)
def test_a_mixture_that_answers_alike_strains_alike(gradient: Array, constant: str) -> None:
    # Of one shear modulus under a change of shape, of one bulk modulus under a change of size.
    assert mixed_patch_error(gradient, constant, lambda ratio: ratio) < 1e-12
    assert mixed_patch_error(gradient, constant, lambda ratio: ratio[::-1]) > 1e-2
    other = "bulk" if constant == "shear" else "shear"
    assert mixed_patch_error(gradient, other, lambda ratio: ratio) > 1e-2


def test_a_rigid_motion_meets_no_force() -> None:
    modulus, ratio = mixed("bulk")
    modulus = modulus * 10.0 ** np.random.default_rng(7).uniform(-2, 4, modulus.shape)
    turns = [np.array(t, float) for t in ([1, 0, 0], [0, 1, 0], [0, 0, 1], [1, -2, 3])]
    for turn in turns:
        spin = np.cross(np.eye(3), turn)
        u = np.einsum("ij,jxyz->ixyz", spin, np.stack(points(6))) + turn[:, None, None, None]
        assert np.abs(apply(u, modulus, 1 / 6, poisson=ratio)).max() < 1e-12 * modulus.max()
        mirrored = np.einsum("ij,jxyz->ixyz", np.abs(spin), np.stack(points(6)))
        assert np.abs(apply(mirrored, modulus, 1 / 6, poisson=ratio)).max() > 1e-3 * modulus.max()


# --- convergence -------------------------------------------------------------------------------


def solve_inside(
    forces: Array, boundary: Array, n: int, modulus: Array | None = None, ratio: Any = POISSON
) -> Array:
    """Displacement in a unit cube held at its whole surface, by SciPy's own iteration."""
    ones = np.ones((n, n, n)) if modulus is None else modulus
    inner = (slice(None), *(slice(1, -1),) * 3)
    u = boundary.copy()
    u[inner] = 0.0
    b = (forces - apply(u, ones, 1.0 / n, poisson=ratio))[inner]

    def matvec(x: Array) -> Array:
        full = np.zeros_like(u)
        full[inner] = x.reshape(b.shape)
        return apply(full, ones, 1.0 / n, poisson=ratio)[inner].ravel()

    operator = linalg.LinearOperator((b.size, b.size), matvec=matvec, dtype=np.float64)
    x, failed = linalg.cg(operator, b.ravel(), rtol=1e-11, maxiter=2000)
    assert not failed
    u[inner] = x.reshape(b.shape)
    return u


def test_a_linear_field_on_the_surface_is_found_inside() -> None:
    exact = np.einsum("ij,jxyz->ixyz", GRADIENT, np.stack(points(8)))
    found = solve_inside(np.zeros_like(exact), exact, 8)
    assert np.abs(found - exact).max() < 1e-10
    bent = exact + 0.01 * np.stack(points(8)) ** 2  # not a linear field any more
    assert np.abs(solve_inside(np.zeros_like(bent), bent, 8) - bent).max() > 1e-4


def manufactured(n: int) -> tuple[Array, Array]:
    """A smooth displacement and the body force that holds it, for a modulus of one."""
    x, y, z = points(n)
    phase = np.pi * (x + 2 * y - z)
    direction, wave = np.array([1.0, -0.5, 0.8]), np.pi * np.array([1.0, 2.0, -1.0])
    u = direction[:, None, None, None] * np.sin(phase)
    lame = POISSON / ((1 + POISSON) * (1 - 2 * POISSON))
    shear = 1 / (2 * (1 + POISSON))
    pull = shear * (wave @ wave) * direction + (lame + shear) * (wave @ direction) * wave
    return u, pull[:, None, None, None] * np.sin(phase)


def operator_error(operator: Operator, n: int) -> float:
    u, body = manufactured(n)
    found = operator(u, np.ones((n, n, n)), 1.0 / n, poisson=POISSON) * n**3
    inner = (slice(None), *(slice(1, -1),) * 3)
    return float(np.abs(found - body)[inner].max())


def test_the_operator_is_second_order() -> None:
    errors = [operator_error(apply, n) for n in (8, 16, 32)]
    np.testing.assert_allclose(orders(errors), 2.0, atol=0.1)
    assert errors[-1] < 0.5  # of a body force that reaches 36


@pytest.mark.parametrize("sabotage", [wrong_poisson, swapped_axes])
def test_the_order_rejects_a_broken_operator(sabotage: Operator) -> None:
    errors = [operator_error(sabotage, n) for n in (8, 16, 32)]
    assert not np.allclose(orders(errors), 2.0, atol=0.1)


def test_a_manufactured_displacement_is_found_to_second_order() -> None:
    errors = []
    for n in (8, 16, 32):
        u, body = manufactured(n)
        errors.append(float(np.abs(solve_inside(body / n**3, u, n) - u).max()))
    np.testing.assert_allclose(orders(errors), 2.0, atol=0.1)
    assert errors[-1] < 0.01


def graded(place: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Modulus and Poisson's ratio that vary smoothly with the place."""
    x, y, z = place
    return jnp.exp(1.5 * x - y), 0.25 + 0.2 * jnp.sin(2 * y + z)


def smooth(place: jax.Array) -> jax.Array:
    """Displacement at a place."""
    x, y, z = place
    phase = jnp.pi * (x + 2 * y - z)
    return jnp.stack([jnp.sin(phase), -0.5 * jnp.cos(phase), 0.8 * jnp.sin(2 * x * y + z)])


def pull(place: jax.Array) -> jax.Array:
    """Body force that holds the smooth displacement, minus the divergence of the stress."""

    def tension(at: jax.Array) -> jax.Array:
        modulus, ratio = graded(at)
        slope = jax.jacfwd(smooth)(at)
        strain = (slope + slope.T) / 2
        lame = ratio / ((1 + ratio) * (1 - 2 * ratio))
        return modulus * (lame * jnp.trace(strain) * jnp.eye(3) + strain / (1 + ratio))

    return -jnp.trace(jax.jacfwd(tension)(place), axis1=1, axis2=2)


def everywhere(field: Callable[[jax.Array], Any], places: Array) -> Any:
    flat = jnp.asarray(places.reshape(3, -1).T)
    return jax.tree.map(
        lambda v: np.moveaxis(np.asarray(v), 0, -1).reshape((*v.shape[1:], *places.shape[1:])),
        jax.jit(jax.vmap(field))(flat),
    )


def graded_error(n: int, seen: Callable[[Array], Array]) -> float:
    """Error of the displacement in a graded block, in the mean square."""
    nodes = np.stack(points(n))
    centres = np.stack(np.meshgrid(*[(np.arange(n) + 0.5) / n] * 3, indexing="ij"))
    u, body = everywhere(smooth, nodes), everywhere(pull, nodes)
    modulus, ratio = everywhere(graded, centres)
    found = solve_inside(body / n**3, u, n, modulus, seen(ratio))
    return float(np.sqrt(np.mean((found - u) ** 2)))


def test_a_graded_block_is_solved_to_second_order() -> None:
    errors = [graded_error(n, lambda ratio: ratio) for n in (6, 12, 24)]
    np.testing.assert_allclose(orders(errors)[-1], 2.0, atol=0.1)
    assert errors[-1] < 5e-3  # of a displacement of about 0.7
    one_ratio = [graded_error(n, lambda ratio: 0 * ratio + 0.25) for n in (6, 12, 24)]
    assert orders(one_ratio)[-1] < 1.5


def bending_energy(operator: Operator, n: int) -> float:
    """Energy of a cube bent to a curvature of one about its middle, over that of beam theory."""
    x, _, z = points(n)
    x = x - 0.5
    u = np.stack([z**2 / 2, np.zeros_like(x), -x * z])
    energy = (u * operator(u, np.ones((n, n, n)), 1.0 / n, poisson=0.0)).sum()
    return float(energy * 12)


def test_bending_is_too_stiff_by_the_shear_of_the_brick_alone() -> None:
    # A brick bent by k carries the shear k (z - its middle): energy 1 + 1 / (2 n^2), order 2.
    found = [bending_energy(apply, n) - 1 for n in (8, 16, 32)]
    np.testing.assert_allclose(found, [0.5 / n**2 for n in (8, 16, 32)], rtol=1e-8)
    np.testing.assert_allclose(orders(found), 2.0, atol=1e-6)

    def turned(u: Array, modulus: Array, spacing: float, *, poisson: float) -> Array:
        return apply(u[[2, 1, 0]], modulus, spacing, poisson=poisson)[[2, 1, 0]]

    assert abs(bending_energy(turned, 8) - 1 - 0.5 / 64) > 0.1
