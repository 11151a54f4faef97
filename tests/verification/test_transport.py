"""Diffusion and taxis against manufactured solutions, each with twins that must be rejected."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from trephine.numerics.advection import advect
from trephine.numerics.diffusion import diffuse
from trephine.numerics.faces import (
    Faces,
    arithmetic,
    difference,
    divergence,
    harmonic,
    lower,
    upper,
)

Operator = Callable[[jax.Array, Faces, float], jax.Array]


def observed_orders(error: Callable[[int], float], counts: tuple[int, ...]) -> list[float]:
    errors = [error(n) for n in counts]
    return [
        float(np.log(errors[i] / errors[i + 1]) / np.log(counts[i + 1] / counts[i]))
        for i in range(len(counts) - 1)
    ]


def mesh(n: int) -> tuple[jax.Array, jax.Array, jax.Array, float]:
    h = 1.0 / n
    axis = (jnp.arange(n) + 0.5) * h
    x, y, z = jnp.meshgrid(axis, axis, axis, indexing="ij")
    return x, y, z, h


def diffusivity(x: jax.Array, y: jax.Array, z: jax.Array) -> jax.Array:
    return 1.0 + 0.5 * x + 0.3 * y * y + 0.2 * z


def manufactured(x: jax.Array, y: jax.Array, z: jax.Array) -> jax.Array:
    """Zero-flux on the walls and different along each axis."""
    return jnp.cos(jnp.pi * x) * jnp.cos(2 * jnp.pi * y) * jnp.cos(jnp.pi * z)


def exact_diffusion(x: jax.Array, y: jax.Array, z: jax.Array) -> jax.Array:
    pi = jnp.pi
    lap = -(pi**2 + 4 * pi**2 + pi**2) * manufactured(x, y, z)
    du_dx = -pi * jnp.sin(pi * x) * jnp.cos(2 * pi * y) * jnp.cos(pi * z)
    du_dy = -2 * pi * jnp.cos(pi * x) * jnp.sin(2 * pi * y) * jnp.cos(pi * z)
    du_dz = -pi * jnp.cos(pi * x) * jnp.cos(2 * pi * y) * jnp.sin(pi * z)
    return diffusivity(x, y, z) * lap + 0.5 * du_dx + 0.6 * y * du_dy + 0.2 * du_dz


def diffusion_error(operator: Operator, n: int) -> float:
    x, y, z, h = mesh(n)
    faces = harmonic(diffusivity(x, y, z))
    found = operator(manufactured(x, y, z), faces, h)
    return float(jnp.sqrt(jnp.mean((found - exact_diffusion(x, y, z)) ** 2)))


def upwind_faces(u: jax.Array, conductance: Faces, spacing: float) -> jax.Array:
    """Take the conductance from one side of each voxel only."""
    shifted = []
    for axis, face in enumerate(conductance):
        edge = jax.lax.slice_in_dim(face, 0, 1, axis=axis)
        rest = jax.lax.slice_in_dim(face, 0, face.shape[axis] - 1, axis=axis)
        shifted.append(jnp.concatenate([edge, rest], axis=axis))
    return diffuse(u, (shifted[0], shifted[1], shifted[2]), spacing)


def swapped_axes(u: jax.Array, conductance: Faces, spacing: float) -> jax.Array:
    """Take the conductance of x for y and the other way round."""
    return jnp.swapaxes(diffuse(jnp.swapaxes(u, 0, 1), conductance, spacing), 0, 1)


def test_diffusion_is_second_order() -> None:
    orders = observed_orders(lambda n: diffusion_error(diffuse, n), (12, 24, 48))
    assert orders == pytest.approx([2, 2], abs=0.1)
    assert diffusion_error(diffuse, 48) == pytest.approx(0.0320, rel=0.02)


@pytest.mark.parametrize("sabotage", [upwind_faces, swapped_axes])
def test_the_check_rejects_a_broken_diffusion(sabotage: Operator) -> None:
    orders = observed_orders(lambda n: diffusion_error(sabotage, n), (12, 24, 48))
    assert orders != pytest.approx([2, 2], abs=0.1)


@pytest.mark.parametrize("seed", [0, 1])
def test_transport_creates_and_destroys_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    u = jnp.asarray(rng.random((7, 5, 6)))
    speed = jnp.asarray(rng.standard_normal((7, 5, 6)))
    faces = harmonic(jnp.asarray(rng.random((7, 5, 6))))
    assert float(jnp.sum(diffuse(u, faces, 0.7))) == pytest.approx(0.0, abs=1e-12)
    assert float(jnp.sum(advect(u, arithmetic(speed), 0.7))) == pytest.approx(0.0, abs=1e-12)


def test_diffusion_agrees_with_a_plain_reference() -> None:
    rng = np.random.default_rng(3)
    u, weight = rng.random((5, 4, 6)), rng.random((5, 4, 6))
    found = np.asarray(diffuse(jnp.asarray(u), harmonic(jnp.asarray(weight)), 0.5))
    expected = np.zeros_like(u)
    for index in np.ndindex(u.shape):
        for axis in range(3):
            for step in (-1, 1):
                other = list(index)
                other[axis] += step
                if 0 <= other[axis] < u.shape[axis]:
                    here, there = weight[index], weight[tuple(other)]
                    between = 2 * here * there / (here + there)
                    expected[index] += between * (u[tuple(other)] - u[index]) / 0.25
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def taxis_error(operator: Operator, n: int) -> float:
    x, y, z, h = mesh(n)
    u = 2.0 + jnp.sin(2 * jnp.pi * x) * jnp.cos(jnp.pi * y) * (1 + 0.5 * z)
    potential = x * (1 - 0.3 * x) + 0.4 * y + 0.2 * z * z
    found = operator(u, difference(potential, h), h)
    vx, vy, vz = 1 - 0.6 * x, 0.4 + 0.0 * y, 0.4 * z
    du_dx = 2 * jnp.pi * jnp.cos(2 * jnp.pi * x) * jnp.cos(jnp.pi * y) * (1 + 0.5 * z)
    du_dy = -jnp.pi * jnp.sin(2 * jnp.pi * x) * jnp.sin(jnp.pi * y) * (1 + 0.5 * z)
    du_dz = jnp.sin(2 * jnp.pi * x) * jnp.cos(jnp.pi * y) * 0.5
    exact = -(vx * du_dx + vy * du_dy + vz * du_dz + u * (-0.6 + 0.4))
    inner = (slice(2, -2),) * 3
    return float(jnp.max(jnp.abs(found - exact)[inner]))


def downwind(u: jax.Array, velocity: Faces, spacing: float) -> jax.Array:
    x, y, z = (
        -jnp.where(speed > 0, upper(u, axis), lower(u, axis)) * speed
        for axis, speed in enumerate(velocity)
    )
    return divergence((x, y, z), spacing)


def wrong_sign(u: jax.Array, velocity: Faces, spacing: float) -> jax.Array:
    return -advect(u, velocity, spacing)


def test_taxis_is_first_order() -> None:
    orders = observed_orders(lambda n: taxis_error(advect, n), (24, 48, 96))
    assert orders == pytest.approx([1, 1], abs=0.1)
    assert taxis_error(advect, 96) < 0.4


def test_the_check_rejects_taxis_down_the_gradient() -> None:
    assert taxis_error(wrong_sign, 48) > 1.0


def positive_after(operator: Operator) -> bool:
    """Return whether a pulse stays positive over one explicit step at the stated bound."""
    u = jnp.zeros((9, 3, 3)).at[4].set(1.0)
    x, y, z = arithmetic(u)
    velocity = (jnp.full(x.shape, 0.5), jnp.zeros(y.shape), jnp.zeros(z.shape))
    step = 1.0 / 0.5
    return float(jnp.min(u + step * operator(u, velocity, 1.0))) >= 0.0


def test_taxis_keeps_a_pulse_positive_and_its_twin_does_not() -> None:
    assert positive_after(advect)
    assert not positive_after(downwind)
