"""Diffusion and taxis against manufactured solutions, each with twins that must be rejected."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from trephine.numerics.advection import advect, upwind
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
    found = jax.jit(operator)(manufactured(x, y, z), faces, h)
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
    for taxis in (advect, upwind):
        assert float(jnp.sum(taxis(u, arithmetic(speed), 0.7))) == pytest.approx(0.0, abs=1e-12)


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
    """Return the mean error for a density that rises along each axis, away from the walls."""
    x, y, z, h = mesh(n)
    u = jnp.exp(0.8 * x + 0.5 * y) * (1 + z * z)
    potential = x * (1 - 0.8 * x) + 0.4 * y + 0.2 * z * z
    found = jax.jit(operator)(u, difference(potential, h), h)
    vx, vy, vz = 1 - 1.6 * x, 0.4 + 0.0 * y, 0.4 * z
    du_dz = jnp.exp(0.8 * x + 0.5 * y) * 2 * z
    exact = -(vx * 0.8 * u + vy * 0.5 * u + vz * du_dz + u * (-1.6 + 0.4))
    inner = (slice(n // 4, -n // 4),) * 3
    return float(jnp.mean(jnp.abs(found - exact)[inner]))


def wrong_sign(u: jax.Array, velocity: Faces, spacing: float) -> jax.Array:
    return -advect(u, velocity, spacing)


def central(u: jax.Array, velocity: Faces, spacing: float) -> jax.Array:
    """Take the mean of both sides: second order, and not positive."""
    x, y, z = (-m * v for m, v in zip(arithmetic(u), velocity, strict=True))
    return divergence((x, y, z), spacing)


def downwind(u: jax.Array, velocity: Faces, spacing: float) -> jax.Array:
    x, y, z = (
        -jnp.where(speed > 0, upper(u, axis), lower(u, axis)) * speed
        for axis, speed in enumerate(velocity)
    )
    return divergence((x, y, z), spacing)


def test_limited_taxis_is_second_order_where_the_density_has_no_extremum() -> None:
    orders = observed_orders(lambda n: taxis_error(advect, n), (16, 32, 64))
    assert orders == pytest.approx([2, 2], abs=0.1)
    assert taxis_error(advect, 64) == pytest.approx(7.31e-6, rel=0.05)


def test_upwind_taxis_is_first_order() -> None:
    orders = observed_orders(lambda n: taxis_error(upwind, n), (16, 32, 64))
    assert orders == pytest.approx([1, 1], abs=0.1)
    assert taxis_error(upwind, 64) == pytest.approx(0.01651, rel=0.05)


def test_the_check_rejects_taxis_down_the_gradient() -> None:
    assert taxis_error(wrong_sign, 32) > 1.0


def lowest_after(operator: Operator, courant: float) -> float:
    """Return the least density after many explicit steps of a block of cells along each axis."""
    worst = np.inf
    for axis in range(3):
        shape = [3, 3, 3]
        shape[axis] = 24
        u = jnp.moveaxis(jnp.zeros((24, 3, 3)).at[4:9].set(1.0), 0, axis)
        x, y, z = (jnp.zeros_like(face) for face in arithmetic(u))
        faces = [x, y, z]
        faces[axis] = faces[axis] + 0.5
        velocity = (faces[0], faces[1], faces[2])
        moved = jax.jit(lambda u, v: u + courant / 0.5 * operator(u, v, 1.0))
        for _ in range(20):
            u = moved(u, velocity)
            worst = min(worst, float(np.min(u)))
    return worst


def test_taxis_keeps_a_block_of_cells_positive_up_to_its_stated_step() -> None:
    assert lowest_after(upwind, 1.0) >= 0.0
    assert lowest_after(advect, 0.5) >= 0.0


@pytest.mark.parametrize("sabotage", [central, downwind])
def test_the_check_rejects_a_flux_without_a_limit(sabotage: Operator) -> None:
    assert lowest_after(sabotage, 0.5) < -0.01


def blur(operator: Operator) -> float:
    """Return how much lower a crest of cells stands after it has moved by ten voxels."""
    u = jnp.exp(-(((jnp.arange(40) - 12.0) / 3.0) ** 2)).reshape(40, 1, 1)
    velocity = (jnp.full((39, 1, 1), 1.0), jnp.zeros((40, 0, 1)), jnp.zeros((40, 1, 0)))
    moved = jax.jit(lambda u: u + 0.2 * operator(u, velocity, 1.0))
    for _ in range(50):
        u = 0.5 * (u + moved(moved(u)))
    assert int(jnp.argmax(u)) == 22
    return 1.0 - float(jnp.max(u))


def test_limited_taxis_blurs_a_crest_less() -> None:
    assert blur(advect) == pytest.approx(0.19, abs=0.02)
    assert blur(upwind) == pytest.approx(0.44, abs=0.02)
