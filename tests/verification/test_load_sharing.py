"""Implant and tissue share a load as springs, bars and beams do, worked out a second way."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from trephine.catalogue.load import catalogue
from trephine.core.errors import SolverError
from trephine.models import implants
from trephine.models.callus import in_engine_units
from trephine.models.fixation import MOTIONS, FixationParameters, carried_by_tissue, movement
from trephine.models.model import Elastic
from trephine.models.reading import Reading
from trephine.models.stiffness import (
    Fixed,
    ModulusParameters,
    PackingParameters,
    PoissonParameters,
    tissue_modulus,
    tissue_poisson,
    voxels,
)
from trephine.numerics.elasticity import respond

READING = Reading(catalogue())
IMPLANTS = READING.fill(FixationParameters)
P = {
    **{f"{n}_modulus": v for n, v in in_engine_units(READING.fill(ModulusParameters)).items()},
    **{f"{n}_poisson": v for n, v in in_engine_units(READING.fill(PoissonParameters)).items()},
    **{f"{name}_packed": v for name, v in READING.fill(PackingParameters).solid.items()},
    "metal_modulus": 0.0,
    "metal_poisson": 0.0,
}
TISSUES = ("woven", "mineralised", "lamellar", "cartilage", "fibrous", "allograft", "ceramic")
AXIAL = np.array([1000.0, 0, 0, 0, 0, 0])
Matrix = NDArray[np.float64]


# Springs: a load, tissue and implant.


def only(value: float, motion: str = "axial") -> Matrix:
    matrix = np.zeros((6, 6))
    place = MOTIONS.index(motion)
    matrix[place, place] = value
    return matrix


def coupled(seed: int) -> Matrix:
    root = np.random.default_rng(seed).normal(size=(6, 9))
    return root @ root.T


def guided(tissue: Matrix, implant: Matrix, load: Matrix) -> Matrix:
    """The movement where the motions without load are held, (6,)."""
    place = np.flatnonzero(load)
    moved = np.zeros(6)
    motions = [MOTIONS[i] for i in place]
    moved[place] = movement(tissue[np.ix_(place, place)], implant, load, motions)
    return moved


def test_without_tissue_the_implant_alone_holds() -> None:
    nothing = np.zeros((6, 6))
    moved = guided(nothing, only(2500.0), AXIAL)
    assert moved == pytest.approx([0.4, 0, 0, 0, 0, 0], rel=1e-15)
    assert carried_by_tissue(nothing, moved, AXIAL) == 0.0


def test_without_an_implant_the_tissue_carries_all() -> None:
    load = np.array([1000.0, 0, 200.0, 5000.0, 0, 800.0])
    tissue = coupled(1)
    moved = guided(tissue, np.zeros((6, 6)), load)
    assert carried_by_tissue(tissue, moved, load) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(("tissue", "implant"), [(60.0, 2782.0), (2e4, 528.0), (7.0, 7.0)])
def test_along_the_shaft_two_springs_lie_side_by_side(tissue: float, implant: float) -> None:
    moved = movement(np.array([[tissue]]), only(implant), AXIAL, ["axial"])
    assert moved == pytest.approx([1000.0 / (tissue + implant)], rel=1e-14)
    share = carried_by_tissue(np.array([[tissue]]), moved, AXIAL[:1])
    assert share == pytest.approx(tissue / (tissue + implant), rel=1e-14)
    in_series = 1000.0 * (1.0 / tissue + 1.0 / implant)
    assert moved != pytest.approx([in_series], rel=0.5)


def by_multipliers(tissue: Matrix, implant: Matrix, load: Matrix, *, hold: bool = True) -> Matrix:
    """Least energy with every unloaded motion held by a force of its own."""
    held = np.flatnonzero(load == 0.0) if hold else np.array([], dtype=int)
    bound = np.zeros((len(held), 6))
    bound[np.arange(len(held)), held] = 1.0
    whole = np.block([[tissue + implant, bound.T], [bound, np.zeros((len(held),) * 2)]])
    right = np.concatenate([load, np.zeros(len(held))])
    return np.linalg.solve(whole, right)[:6]


@pytest.mark.parametrize("loaded", [(0,), (0, 2), (0, 2, 3, 5), tuple(range(6))])
def test_coupled_motions_find_the_least_energy(loaded: tuple[int, ...]) -> None:
    tissue, implant = coupled(2), coupled(3)
    load = np.zeros(6)
    load[list(loaded)] = np.linspace(1.0, -2.0, len(loaded))
    moved = guided(tissue, implant, load)
    np.testing.assert_allclose(moved, by_multipliers(tissue, implant, load), rtol=1e-10, atol=1e-13)
    assert 0.0 < carried_by_tissue(tissue, moved, load) < 1.0
    if len(loaded) < 6:
        released = by_multipliers(tissue, implant, load, hold=False)
        assert np.abs(moved - released).max() > 0.05 * np.abs(moved).max()


def test_the_order_of_the_motions_asked_for_does_not_matter() -> None:
    tissue, implant = coupled(4), coupled(5)
    load = np.array([3.0, 0, 1.0, 0, 0, -2.0])
    asked = ["torsion", "axial", "shear_y"]
    place = [MOTIONS.index(motion) for motion in asked]
    some = movement(tissue[np.ix_(place, place)], implant, load, asked)
    np.testing.assert_allclose(some, guided(tissue, implant, load)[place], rtol=1e-12)
    with pytest.raises(ValueError, match="was not asked for"):
        movement(tissue[:1, :1], implant, load, ["axial"])


def test_a_free_motion_moves_with_or_without_a_load_of_its_own() -> None:
    """A trace of load on a free motion changes next to nothing; holding it would."""
    tissue, implant = coupled(6), coupled(7)
    without, trace = np.zeros(6), np.zeros(6)
    without[0], trace[[0, 3]] = 1.0, (1.0, 1e-9)
    free = movement(tissue, implant, without)
    np.testing.assert_allclose(movement(tissue, implant, trace), free, rtol=1e-6, atol=1e-9)
    assert np.abs(free - guided(tissue, implant, without)).max() > 0.05 * np.abs(free).max()


def test_without_load_nothing_moves() -> None:
    nothing = np.zeros((6, 6))
    assert not movement(nothing, nothing, np.zeros(6)).any()
    assert carried_by_tissue(nothing, np.zeros(6), np.zeros(6)) == 0.0


def test_loose_bone_ends_are_an_error_that_names_the_motion() -> None:
    load = np.array([1.0, 0, 1.0, 0, 0, 1.0])
    with pytest.raises(SolverError, match="nothing holds the bone ends against shear_y, torsion"):
        guided(np.zeros((6, 6)), only(2782.0), load)
    # One combination of shear and torsion is free, though either alone is resisted.
    slack = np.array([0, 0, 1.0, 0, 0, -2.0])
    with pytest.raises(SolverError, match=r"against (shear_y|torsion)"):
        guided(np.outer(slack, slack), only(2782.0), load)
    assert guided(np.zeros((6, 6)), only(2782.0), AXIAL)[0] > 0


# Beams: what geometry gives, against an assembly of beam elements.


def assembled(rigidity: float, length: float, tension: float = 0.0, elements: int = 40) -> Matrix:
    """Stiffness of one end (shift, turn) of a row of beam elements, the other end clamped."""
    h, size = length / elements, 2 * (elements + 1)
    bending = np.array(
        [
            [12, 6 * h, -12, 6 * h],
            [6 * h, 4 * h**2, -6 * h, 2 * h**2],
            [-12, -6 * h, 12, -6 * h],
            [6 * h, 2 * h**2, -6 * h, 4 * h**2],
        ]
    )
    string = np.array(
        [
            [36, 3 * h, -36, 3 * h],
            [3 * h, 4 * h**2, -3 * h, -(h**2)],
            [-36, -3 * h, 36, -3 * h],
            [3 * h, -(h**2), -3 * h, 4 * h**2],
        ]
    )
    whole = np.zeros((size, size))
    for number in range(elements):
        here = slice(2 * number, 2 * number + 4)
        whole[here, here] += rigidity / h**3 * bending + tension / (30 * h) * string
    ends, inner = [0, 1], list(range(2, size - 2))
    across = whole[np.ix_(ends, inner)]
    return whole[np.ix_(ends, ends)] - across @ np.linalg.solve(
        whole[np.ix_(inner, inner)], across.T
    )


@pytest.mark.parametrize("diameter", [9e-3, 13e-3])
def test_a_nail_is_a_beam_between_two_clamps(diameter: float) -> None:
    titanium = IMPLANTS.alloy["titanium"]
    shear, bending = implants.nail(diameter, IMPLANTS.nail, titanium)
    ring = np.linspace(0, 1, 20001)
    radii = 0.5 * (IMPLANTS.nail.bore + (diameter - IMPLANTS.nail.bore) * ring)
    moment = np.trapezoid(math.pi * radii**3, radii)
    beam = assembled(titanium.modulus * moment, IMPLANTS.nail.working_length)
    assert shear == pytest.approx(beam[0, 0], rel=1e-5)
    # In pure bending the end is free to shift.
    assert bending == pytest.approx(beam[1, 1] - beam[0, 1] ** 2 / beam[0, 0], rel=1e-5)
    cantilever = beam[0, 0] - beam[0, 1] ** 2 / beam[1, 1]
    assert shear != pytest.approx(cantilever, rel=0.5)
    assert bending != pytest.approx(beam[1, 1], rel=0.5)


@pytest.mark.parametrize("tension", [1.0, 100.0, 1275.0, 20000.0])
def test_a_wire_is_beam_and_string_at_once(tension: float) -> None:
    rigidity, length = 192.36e9 * implants.tube(1.8e-3), 0.0645
    shift, both, turn = implants.strung(rigidity, tension, length)
    exact = assembled(rigidity, length, tension, elements=200)
    found = np.array([[shift, both], [both, turn]])
    np.testing.assert_allclose(found, exact, rtol=1e-5)
    if tension > 1000:
        slack = assembled(rigidity, length)
        assert not np.allclose(found, slack, rtol=0.2)
        assert shift != pytest.approx(slack[0, 0] + tension / length, rel=0.05)


def test_a_slack_wire_is_a_beam() -> None:
    shift, both, turn = implants.strung(3.0, 1e-2, 2.0)
    assert shift == pytest.approx(12 * 3.0 / 8, rel=2e-3)
    assert both == pytest.approx(6 * 3.0 / 4, rel=2e-3)
    assert turn == pytest.approx(4 * 3.0 / 2, rel=2e-3)


def test_pins_resist_tilting_by_where_they_stand() -> None:
    shape, steel = IMPLANTS.unilateral_fixator, IMPLANTS.alloy["steel"]
    rigid = 1e3  # a bar so thick that only the pins give
    for number in (2, 3, 5):
        pins = implants.UnilateralGeometry(
            rigid, shape.bar_length, number, shape.pin_diameter, shape.pin_length, shape.pin_spread
        )
        pin = assembled(steel.modulus * implants.tube(shape.pin_diameter), shape.pin_length)[0, 0]
        places = np.linspace(-0.5, 0.5, number) * shape.pin_spread
        shear, bending = implants.unilateral(pins, steel)
        assert shear == pytest.approx(number * pin / 2, rel=1e-6)
        assert bending == pytest.approx(pin * np.sum(places**2) / 2, rel=1e-6)


def test_a_ring_frame_holds_by_the_length_of_its_wires() -> None:
    """Threads in a rigid frame: the work of moving bone is tension times how much they lengthen."""
    shape, steel = IMPLANTS.ring_fixator, IMPLANTS.alloy["steel"]
    rigid = {"frame_axial": 1e15, "frame_bending": 1e15, "frame_torsion": 1e15}
    found = implants.ring(dataclasses.replace(shape, wire_diameter=1e-6, **rigid), steel)
    radius, r, tension = shape.ring_diameter / 2, shape.bone_radius, shape.wire_tension
    step = 1e-3

    def turned(angle: float) -> float:
        return float(np.hypot(radius - r * math.cos(angle), r * math.sin(angle)))

    def second(length: Callable[[float], float], size: float) -> float:
        return (length(size) - 2 * length(0.0) + length(-size)) / size**2

    about = shape.wires * 2 * tension * second(turned, step) / 2
    assert found.torsion == pytest.approx(about, rel=1e-3)
    assert found.torsion != pytest.approx(about * r / radius, rel=0.5), "force without its lever"
    across = 2 * tension * second(lambda shift: float(np.hypot(radius, shift)), step * radius)
    assert found.axial == pytest.approx(shape.wires * across / 2, rel=1e-3)
    # Of evenly crossed wires, each resists across itself alone; threads slide through the bone.
    angles = np.arange(shape.wires) * math.pi / shape.wires
    assert found.shear == pytest.approx(np.sum(across * np.sin(angles) ** 2) / 2, rel=1e-3)
    tilting = across * shape.wires / 4 * 2 * (shape.ring_spread / 2) ** 2
    assert found.bending == pytest.approx(tilting / 2, rel=1e-3)


# Bars: tissues by the cubic rule, one behind the other and side by side.

MIXED: dict[str, tuple[float, ...]] = {
    "woven": (0.7, 0.2, 0.0, 0.1),
    "mineralised": (0.6, 0.1, 0.0, 0.0),
    "lamellar": (0.1, 0.0, 0.0, 0.0),
    "cartilage": (0.1, 0.5, 0.1, 0.0),
    "fibrous": (0.0, 0.2, 0.8, 0.0),
    "allograft": (0.0, 0.0, 0.0, 0.3),
    "ceramic": (0.0, 0.0, 0.0, 0.3),
}
PACKED = {"allograft": 0.35, "ceramic": 0.4}
"""Share of its bulk volume that the pieces of a carrier take up."""
EDGE, SPACING = 8, 0.5


def by_hand(at: int, power: int = 3) -> float:
    """Young's modulus of one of the mixtures [MPa]."""
    part = {name: MIXED[name][at] for name in TISSUES}
    bone = part["woven"] + part["lamellar"]
    mineral = part["mineralised"] / bone if bone else 0.0
    return (
        4000 * mineral * bone**power
        + 200 * part["cartilage"] ** power
        + 3 * part["fibrous"] ** power
        + 155 * (part["allograft"] / PACKED["allograft"]) ** power
        + 200 * (part["ceramic"] / PACKED["ceramic"]) ** power
        + 0.2
    )


def stack(axis: int) -> Any:
    """Voxels of the mixtures, two of each, in a row along an axis."""
    shape, along = [EDGE] * 3, [1, 1, 1]
    along[axis] = EDGE
    state = {
        name: jnp.asarray(np.broadcast_to(np.repeat(MIXED[name], 2).reshape(along), shape))
        for name in TISSUES
    }
    full, none = jnp.ones(shape), jnp.zeros(shape)
    tissue = Elastic(tissue_modulus(state, P), tissue_poisson(state, P))
    return voxels(tissue, Fixed(bone=none, metal=none, removed=none, healing=full), P)


def in_a_row(power: int) -> float:
    return EDGE**2 * SPACING / (2 * sum(1 / by_hand(at, power) for at in range(4)))


def side_by_side(power: int) -> float:
    return 2 * SPACING * sum(by_hand(at, power) for at in range(4))


@pytest.mark.parametrize(("axis", "expected"), [(2, in_a_row), (0, side_by_side)])
def test_bars_of_mixed_tissue(axis: int, expected: Callable[[int], float]) -> None:
    modulus = np.asarray(stack(axis).modulus)
    found = respond(modulus, spacing=SPACING, poisson=0.0, tolerance=1e-8).stiffness[0, 0]
    assert found == pytest.approx(expected(3), rel=1e-6)
    assert found != pytest.approx(expected(2), rel=0.05)
    assert found != pytest.approx((in_a_row, side_by_side)[axis == 2](3), rel=0.05)


def test_poissons_ratio_is_the_mean_by_volume() -> None:
    found = np.asarray(stack(2).poisson)[0, 0, ::2]
    bone = np.array(MIXED["woven"]) + MIXED["lamellar"] + MIXED["allograft"] + MIXED["ceramic"]
    np.testing.assert_allclose(found, 0.167 + bone * (0.3 - 0.167), rtol=1e-13)
    by_mineral = 0.167 + np.array(MIXED["mineralised"]) * (0.3 - 0.167)
    assert not np.allclose(found, by_mineral, rtol=0.01)


def one(bone: float, removed: float, metal: float, healing: float, metal_modulus: float) -> Any:
    """What a single voxel resists, its healing tissue of 50 MPa and 0.2."""
    shares = (jnp.full((1, 1, 1), share) for share in (bone, metal, removed, healing))
    tissue = Elastic(jnp.full((1, 1, 1), 50.0), jnp.full((1, 1, 1), 0.2))
    numbers = {**P, "metal_modulus": metal_modulus, "metal_poisson": 0.34}
    return voxels(tissue, Fixed(*shares), numbers)


def test_a_voxel_cut_by_the_gap_is_two_bars_in_a_row() -> None:
    found = one(bone=0.6, removed=0.4, metal=0.0, healing=0.4, metal_modulus=0.0)
    series = 1 / (0.6 / 20000 + 0.4 / 50)
    assert found.modulus == pytest.approx(series, rel=1e-13)
    assert found.poisson == pytest.approx(0.6 * 0.3 + 0.4 * 0.2, rel=1e-13)
    # The soft part takes all of the shortening that bone does not.
    assert found.concentration == pytest.approx(series / 50, rel=1e-13)
    assert found.modulus != pytest.approx(0.6 * 20000 + 0.4 * 50, rel=0.5)


def test_a_wedged_nail_lies_beside_the_bone_and_a_sliding_one_carries_nothing() -> None:
    shares = {"bone": 0.3, "removed": 0.0, "metal": 0.4, "healing": 0.2}
    wedged, sliding = one(**shares, metal_modulus=113760.0), one(**shares, metal_modulus=0.0)
    soft = 0.2 * 50 + 0.1 * 0.2
    assert sliding.modulus == pytest.approx(0.3 * 20000 + soft, rel=1e-13)
    assert wedged.modulus == pytest.approx(0.3 * 20000 + soft + 0.4 * 113760, rel=1e-13)
    assert wedged.poisson == pytest.approx(
        0.3 * 0.3 + 0.2 * 0.2 + 0.4 * 0.34 + 0.1 * 0.167, rel=1e-13
    )
    # What carries nothing has no say in the ratio of what does.
    carried = 0.3 * 0.3 + 0.2 * 0.2 + 0.1 * 0.167
    assert sliding.poisson == pytest.approx(carried / 0.6, rel=1e-13)
    only_metal = one(bone=0.0, removed=0.0, metal=1.0, healing=0.0, metal_modulus=0.0)
    assert only_metal.modulus == 0.0
    assert 0.0 <= only_metal.poisson < 0.5
