"""A long square prism against the theories of beams: Euler, Timoshenko, Saint-Venant."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from trephine.numerics.elasticity import MOTIONS, respond

Array = NDArray[np.float64]
MODULUS, EDGE, LENGTHS = 7.0, 2.0, (8.0, 12.0)
TORSION = 0.1405770
"""Torsion constant of a square over the fourth power of its edge (Saint-Venant)."""


@cache
def prism(across: int, length: float, poisson: float) -> Array:
    """Stiffness of a prism of so many elements across, by motion."""
    spacing = EDGE / across
    block = np.full((across, across, round(length / spacing)), MODULUS)
    found = respond(block, spacing=spacing, poisson=poisson, motions=MOTIONS, tolerance=1e-7)
    return found.stiffness


def between(across: int, poisson: float) -> Array:
    """Diagonal of the stiffness of the stretch by which one prism is longer than the other.

    The ends of both are alike, and what they add to the compliance drops out.
    """
    short, long = (np.diag(prism(across, length, poisson)) for length in LENGTHS)
    return 1.0 / (1.0 / long - 1.0 / short)


def refined(coarse: Array, fine: Array) -> Array:
    """Limit of two values whose error is of second order in the spacing."""
    return fine + (fine - coarse) / 3.0


AREA, INERTIA = EDGE**2, EDGE**4 / 12
STRETCH = LENGTHS[1] - LENGTHS[0]


@pytest.mark.parametrize("poisson", [0.0, 0.3])
def test_stretch_bending_and_torsion_are_those_of_a_beam(poisson: float) -> None:
    shear = MODULUS / (2 * (1 + poisson))
    coarse, fine = between(4, poisson), between(8, poisson)
    expected = {
        "axial": MODULUS * AREA / STRETCH,
        "bending_x": MODULUS * INERTIA / STRETCH,
        "bending_y": MODULUS * INERTIA / STRETCH,
        "torsion": shear * TORSION * EDGE**4 / STRETCH,
    }
    for motion, value in expected.items():
        number = MOTIONS.index(motion)
        assert refined(coarse, fine)[number] == pytest.approx(value, rel=3e-3), motion
        # bricks are too stiff, and four times less so at half the spacing
        worse, better = coarse[number] / value - 1, fine[number] / value - 1
        if motion != "axial":
            assert worse / better == pytest.approx(4.0, rel=0.2), motion
            assert 0.005 < better < 0.05, motion
    polar = 2 * INERTIA * shear / STRETCH  # as if sections stayed plane
    assert refined(coarse, fine)[5] != pytest.approx(polar, rel=0.1)


def test_shear_is_that_of_a_beam_held_at_both_ends() -> None:
    # 12 EI / L^3 with the shear of Timoshenko and the coefficient of Cowper at a ratio of zero.
    length = LENGTHS[1]
    slender = 12 * MODULUS * INERTIA / length**3
    softer = 1 + 12 * MODULUS * INERTIA / (5 / 6 * MODULUS / 2 * AREA * length**2)
    coarse, fine = (prism(n, length, 0.0) for n in (4, 8))
    for number in (1, 2):
        found = refined(coarse[number, number], fine[number, number])
        assert found == pytest.approx(slender / softer, rel=5e-3)
        assert found != pytest.approx(slender, rel=3e-2)


def test_a_turn_about_the_middle_meets_no_shear_and_one_about_the_end_does() -> None:
    # About its lower end: the turn about the middle and a shift by half the length.
    across, length = 4, LENGTHS[0]
    whole = prism(across, length, 0.3)
    scale = np.sqrt(np.outer(np.diag(whole), np.diag(whole)))
    np.testing.assert_allclose(whole / scale, np.eye(6), atol=1e-6)
    block = np.full((across, across, round(length * across / EDGE)), MODULUS)
    below = respond(
        block,
        spacing=EDGE / across,
        motions=("shear_y", "bending_x"),
        centre=(EDGE / 2, EDGE / 2, 0.0),
        tolerance=1e-7,
    )
    shift = -length / 2
    lever = np.array([1.0, shift])
    expected = np.outer(lever, lever) * whole[2, 2] + np.diag([0.0, whole[3, 3]])
    np.testing.assert_allclose(below.stiffness, expected, rtol=1e-6)
    with pytest.raises(AssertionError):  # shifted to the other side
        np.testing.assert_allclose(below.stiffness, np.abs(expected), rtol=1e-6)
