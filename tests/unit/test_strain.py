"""Strain at voxel centres: exact on known fields, and its invariants against eigenvalues."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from trephine.numerics import hexahedra, strain

SHAPE = (4, 5, 6)
SPACING = 1.5
Array = NDArray[np.float64]


def linear(gradient: Array) -> Array:
    """Nodal displacement whose gradient du_i/dx_j is the same everywhere."""
    at = np.meshgrid(*(SPACING * np.arange(n + 1.0) for n in SHAPE), indexing="ij")
    return np.einsum("ij,jxyz->ixyz", gradient, np.stack(at))


def as_matrices(components: Array) -> Array:
    xx, yy, zz, xy, yz, zx = components
    rows = [[xx, xy, zx], [xy, yy, yz], [zx, yz, zz]]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def test_a_linear_field_has_its_own_strain_everywhere() -> None:
    gradient = np.array([[0.01, 0.02, -0.03], [0.005, -0.02, 0.01], [0.04, 0.0, 0.03]])
    found = as_matrices(np.asarray(strain.tensor(linear(gradient), SPACING)))
    assert found.shape == (*SHAPE, 3, 3)
    np.testing.assert_allclose(found, np.broadcast_to((gradient + gradient.T) / 2, found.shape))
    with pytest.raises(AssertionError):  # engineering shear in place of the tensor's
        np.testing.assert_allclose(found, np.broadcast_to(gradient + gradient.T, found.shape))


def test_a_small_rotation_strains_nothing() -> None:
    turn = np.array([[0.0, 0.3, -0.2], [-0.3, 0.0, 0.1], [0.2, -0.1, 0.0]])
    distortional, dilatational = strain.invariants(linear(turn), SPACING)
    np.testing.assert_allclose(distortional, 0.0, atol=1e-12)
    np.testing.assert_allclose(dilatational, 0.0, atol=1e-12)


def test_the_strain_is_that_of_the_brick_at_its_centre() -> None:
    displacement = np.random.default_rng(1).standard_normal((3, *(n + 1 for n in SHAPE)))
    found = np.asarray(strain.tensor(displacement, SPACING))
    brick = hexahedra.strain_displacement(np.full(3, 0.5)) / SPACING
    local = np.asarray(hexahedra.gather(displacement, SHAPE))
    expected = np.einsum("ab,bxyz->axyz", brick, local)
    expected[3:] /= 2
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_invariants_agree_with_principal_strains() -> None:
    displacement = np.random.default_rng(2).standard_normal((3, *(n + 1 for n in SHAPE)))
    principal = np.linalg.eigvalsh(as_matrices(np.asarray(strain.tensor(displacement, SPACING))))
    a, b, c = np.moveaxis(principal, -1, 0)
    distortional, dilatational = strain.invariants(displacement, SPACING)
    expected = np.sqrt(((a - b) ** 2 + (a - c) ** 2 + (b - c) ** 2) / 2)
    np.testing.assert_allclose(distortional, expected, rtol=1e-12)
    np.testing.assert_allclose(dilatational, (a + b + c) / 3, atol=1e-13)


@pytest.mark.parametrize(
    ("gradient", "distortional", "dilatational", "octahedral"),
    [
        ([0.0, 0.0, -0.1], 0.1, -0.1 / 3, 0.0943),  # confined
        ([0.05, 0.05, -0.1], 0.15, 0.0, 0.1414),  # incompressible
    ],
)
def test_uniaxial_strain_has_its_textbook_invariants(
    gradient: list[float], distortional: float, dilatational: float, octahedral: float
) -> None:
    displacement = linear(np.diag(gradient))
    found = strain.invariants(displacement, SPACING)
    np.testing.assert_allclose(found[0], distortional, rtol=1e-12)
    np.testing.assert_allclose(found[1], dilatational, atol=1e-13)
    shear = strain.octahedral_shear(displacement, SPACING)
    np.testing.assert_allclose(shear, octahedral, rtol=5e-4)
    with pytest.raises(AssertionError):  # the normalisation without the factor of one half
        np.testing.assert_allclose(np.sqrt(2) * found[0], distortional, rtol=1e-2)


def test_pressure_is_minus_a_third_of_the_trace_of_the_stress() -> None:
    modulus, poisson = np.array([10.0, 200.0]), np.array([0.167, 0.45])
    gradient = np.diag([0.01, 0.02, -0.06])
    lame = modulus * poisson / ((1 + poisson) * (1 - 2 * poisson))
    trace = 3 * lame * np.trace(gradient) + modulus / (1 + poisson) * np.trace(gradient)
    found = np.asarray(strain.pressure(np.trace(gradient) / 3, modulus, poisson))
    np.testing.assert_allclose(found, -trace / 3, rtol=1e-12)
    assert (found > 0).all()  # the volume shrinks
    with pytest.raises(AssertionError):  # the change of volume in place of its mean
        np.testing.assert_allclose(
            np.asarray(strain.pressure(np.trace(gradient), modulus, poisson)), -trace / 3
        )
