"""The elastic operator: patch test, manufactured displacement, bending; each rejects sabotage."""

from __future__ import annotations

from collections.abc import Callable

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


def solve_inside(forces: Array, boundary: Array, n: int) -> Array:
    """Displacement in a unit cube held at its whole surface, by SciPy's own iteration."""
    ones = np.ones((n, n, n))
    inner = (slice(None), *(slice(1, -1),) * 3)
    u = boundary.copy()
    u[inner] = 0.0
    b = (forces - apply(u, ones, 1.0 / n, poisson=POISSON))[inner]

    def matvec(x: Array) -> Array:
        full = np.zeros_like(u)
        full[inner] = x.reshape(b.shape)
        return apply(full, ones, 1.0 / n, poisson=POISSON)[inner].ravel()

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
