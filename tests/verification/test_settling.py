"""Settling against exact solutions: waves, riders, the batch of Kynch; and by two methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from trephine.case.processing import Spin
from trephine.catalogue.load import catalogue
from trephine.models.reading import Reading
from trephine.models.settling import (
    PLATELET,
    RED_CELL,
    SettlingParameters,
    layers_of_spin,
    recoveries_of_spin,
)
from trephine.numerics import kynch, settling
from trephine.numerics.kynch import Batch
from trephine.numerics.settling import Column, Hindrance, settle

Array = NDArray[np.float64]

P = Reading(catalogue()).fill(SettlingParameters)
HINDRANCE = Hindrance(1.0, 1.1, 4.65)
START = 0.3


def spin(g: float, minutes: float, centimetres: float = 8.0, radius: str | None = None) -> Spin:
    told = {"g": g, "duration": f"{minutes:.12g} min", "column": f"{centimetres:g} cm"}
    return Spin.model_validate(told | ({"radius": radius} if radius else {}))


def still(fraction: Array) -> Array:
    """Drift of one rider that does not drift."""
    return np.zeros((1, *fraction.shape))


def column(count: int, drift: Callable[[Array], Array] = still, **changes: object) -> Column:
    plain = Column(1.0 / count, HINDRANCE, drift, np.array([False]))
    return replace(plain, **changes)


def middles(count: int) -> Array:
    return (np.arange(count) + 0.5) / count


def orders(error: Callable[[int], float], counts: tuple[int, ...]) -> list[float]:
    found = [error(n) for n in counts]
    return [float(np.log2(a / b)) for a, b in pairwise(found)]


# Smooth waves and riders


def slope(height: Array) -> Array:
    return 0.42 - 0.25 * height


def wave_error(count: int) -> float:
    """Mean error of the dense phase, away from the walls, before waves meet."""
    dose, at = 0.25, middles(count)
    low, high = at - 1.0, at + 1.0
    for _ in range(80):  # each value travels at its own speed; where did this one begin?
        middle = 0.5 * (low + high)
        free = 1.0 - 1.1 * slope(middle)
        speed = free**3.65 * (1.1 * 5.65 * slope(middle) - 1.0)
        ahead = middle + speed * dose > at
        low, high = np.where(ahead, low, middle), np.where(ahead, middle, high)
    found = settle(slope(at), np.zeros((1, count)), np.array([dose]), column(count)).dense[-1]
    inner = (at > 0.35) & (at < 0.65)
    return float(np.mean(np.abs(found - slope(low))[inner]))


def rider_error(count: int) -> float:
    """Mean error of a rider whose speed is its height, in a dense phase at rest."""
    at, dose = middles(count), 0.3
    resting = column(
        count, lambda fraction: -fraction[None] / 0.8, hindrance=Hindrance(0.0, 1.1, 4.65)
    )
    found = settle(0.8 * at, (1.0 + at[None] ** 2), np.array([dose]), resting).riders[-1, 0]
    stretch = np.exp(dose)
    inner = (at > 0.1) & (at < 0.5)
    return float(np.mean(np.abs(found - stretch * (1.0 + (at * stretch) ** 2))[inner]))


def without_slopes(state: Array, column: Column) -> settling._Faces:
    """Take the value of the cell for that at its face."""
    faces = settling._faces(state, column)
    values = state.copy()
    values[1:] /= 1.0 - column.carried[:, None] * state[:1]
    low, high = values[:, :-1], values[:, 1:]
    return replace(faces, low=low, high=high, sinking=column.hindrance.speed(low[0]))


@pytest.mark.parametrize(("error", "size"), [(wave_error, 5.07e-8), (rider_error, 2.98e-6)])
def test_smooth_settling_is_second_order(error: Callable[[int], float], size: float) -> None:
    assert orders(error, (50, 100, 200)) == pytest.approx([2, 2], abs=0.15)
    assert error(200) == pytest.approx(size, rel=0.05)


@pytest.mark.parametrize("error", [wave_error, rider_error])
def test_the_check_rejects_faces_without_slopes(
    error: Callable[[int], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = without_slopes
    monkeypatch.setattr(settling, "_faces", _kept(plain))
    assert orders(error, (50, 100, 200)) == pytest.approx([1, 1], abs=0.15)


def _kept(twin: Callable[..., settling._Faces]) -> Callable[..., settling._Faces]:
    """Return a twin that still finds the function it stands for."""
    original = settling._faces

    def faces(state: Array, column: Column) -> settling._Faces:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(settling, "_faces", original)
            return twin(state, column)

    return faces


# The batch of Kynch

BATCH = Batch(1.0, START, HINDRANCE)
DOSES = np.array([1.0, 3.0, 30.0])


def batch_errors(count: int) -> Array:
    """Mean error at three doses: while the surface falls, when it meets the bed, long after."""
    even = np.full(count, START)
    found = settle(even, np.zeros((1, count)), DOSES, column(count)).dense
    at = middles(count)
    return np.array(
        [np.mean(np.abs(f - BATCH.at(at, s))) for f, s in zip(found, DOSES, strict=True)]
    )


def test_batch_settling_converges_to_the_solution_of_kynch() -> None:
    coarse, middle, fine = (batch_errors(n) for n in (50, 100, 200))
    assert np.log2(coarse.sum() / fine.sum()) / 2 == pytest.approx(1.0, abs=0.15)
    assert (fine < 0.003).all()
    assert (middle < 0.006).all()


def from_behind(state: Array, column: Column) -> settling._Faces:
    """Move at the speed of where it comes from, into packed cells too."""
    faces = settling._faces(state, column)
    return replace(faces, sinking=column.hindrance.speed(faces.high[0]))


def test_the_check_rejects_speeds_from_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_faces", _kept(from_behind))
    assert batch_errors(40).max() > 0.05


def test_the_surface_falls_and_packs_as_kynch_says() -> None:
    count = 200
    found = settle(np.full(count, START), np.zeros((1, count)), DOSES, column(count)).dense
    for dense, dose in zip(found, DOSES, strict=True):
        half = 0.5 * BATCH.at(BATCH.level(dose) * (1 - 1e-9), dose)
        surface = float(np.interp(-half, -dense, middles(count)))
        assert surface == pytest.approx(float(BATCH.level(dose)), abs=1.5 / count)
    assert float(BATCH.level(1.0)) == pytest.approx(1.0 - 0.67**4.65, rel=1e-12)
    # Long after, the fraction at the surface solves phi0 H = s V k n phi^2 (1 - k phi)^(n-1).
    at_surface = float(BATCH.at(BATCH.level(30.0) * (1 - 1e-9), 30.0))
    packed = 30.0 * 1.1 * 4.65 * at_surface**2 * (1 - 1.1 * at_surface) ** 3.65
    assert packed == pytest.approx(START, rel=1e-3)


@pytest.mark.parametrize("start", [0.05, 0.2, 0.3, 0.4, 0.6])
def test_the_exact_batch_keeps_its_content_and_its_shocks(start: float) -> None:
    batch = Batch(1.0, start, HINDRANCE)
    at = middles(20_000)
    for dose in (0.3, 2.0, 40.0, 1000.0):
        assert batch.at(at, dose).mean() == pytest.approx(start, rel=2e-3)
        for share in (0.0, 0.06, 0.5):
            level = batch.level(dose, share)
            assert float(batch.share_above(level, dose)) == pytest.approx(share, abs=1e-3)
    foot = float(batch._foot) / 1.1
    if start < 2 / 5.65 / 1.1:  # the leading shock keeps the balance of what crosses it
        before, after = (x * float(HINDRANCE.speed(np.array(x))) for x in (start, foot))
        assert (before - after) / (foot - start) == pytest.approx(float(batch._edge), rel=1e-6)
    else:
        assert foot == pytest.approx(start, rel=1e-12)


# The liquid and what it carries


def carried_error(count: int, *, carried: bool = True) -> float:
    """Mean error of what stays with its liquid, whose volume below it never changes."""
    at, doses = middles(count), np.array([1.0, 2.0, 3.0, 4.0, 6.0])
    start = 0.7 * (1.0 + np.cos(np.pi * at))
    moved = settle(
        np.full(count, START), start[None], doses, column(count, carried=np.array([carried]))
    )
    errors = []
    for dose, found in zip(doses, moved.riders[:, 0], strict=True):
        liquid = at - START * (1.0 - BATCH.share_above(at, dose))
        exact = (1.0 + np.cos(np.pi * liquid / 0.7)) * (1.0 - BATCH.at(at, dose))
        errors.append(np.mean(np.abs(found - exact)))
    return float(np.mean(errors))


def test_the_liquid_gives_way_and_carries() -> None:
    coarse, fine = carried_error(25), carried_error(400)
    assert np.log2(coarse / fine) / 4 == pytest.approx(1.0, abs=0.15)
    assert fine < 0.002


def test_the_check_rejects_a_liquid_that_stands_still() -> None:
    assert carried_error(200, carried=False) > 0.1


def test_what_is_even_in_the_liquid_stays_even() -> None:
    found = settle(
        np.full(60, START), np.full((1, 60), 0.7), DOSES, column(60, carried=np.array([True]))
    )
    np.testing.assert_allclose(found.riders[:, 0] + found.dense, 1.0, rtol=1e-12)


@pytest.mark.parametrize("force", [1.0, 1.2 - 0.4 * np.arange(1, 80) / 80])
def test_settling_makes_and_loses_nothing_and_nothing_turns_negative(force: float | Array) -> None:
    rng = np.random.default_rng(4)
    dense, riders = rng.uniform(0.0, 0.6, 80), rng.uniform(0.0, 1.0, (3, 80))
    riders[1, 20:] = 0.0

    def drift(fraction: Array) -> Array:
        return np.stack([0.4 * (fraction - 0.5), -0.3 * (1.0 - fraction), -0.02 + 0.0 * fraction])

    found = settle(
        dense, riders, DOSES, column(80, drift, carried=np.array([False, False, True]), force=force)
    )
    np.testing.assert_allclose(found.dense.sum(-1), dense.sum(), rtol=1e-13)
    np.testing.assert_allclose(
        found.riders.sum(-1), np.tile(riders.sum(-1), (DOSES.size, 1)), rtol=1e-13
    )
    assert found.dense.min() >= 0.0
    assert found.riders.min() >= 0.0
    assert found.dense.max() <= 1 / 1.1


# Two methods for one tube


def differences(protocol: Spin, mesh: int) -> dict[str, float]:
    """Return by how much slices by finite volumes and by exact paths differ, by class."""
    layers = layers_of_spin(protocol, START, P, moments=2, mesh=mesh)
    exact = recoveries_of_spin(protocol, START, 0.06, P).shares
    found = layers.share_above(layers.level(0.06))
    return {name: abs(found[name] - float(exact[name])) for name in found}


PROTOCOLS = [spin(1000, 1.5), spin(1000, 4), spin(1000, 6), spin(1000, 12), spin(500, 3, 4.0)]


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda s: f"{s.dose:g}-{s.column}")
def test_finite_volumes_and_exact_paths_agree(protocol: Spin) -> None:
    coarse, fine = (differences(protocol, mesh) for mesh in (60, 120))
    for found in (coarse, fine):
        found.pop("erythroblast")  # as dense as the bed: a sharp layer of them lies at the cut
    assert max(fine.values()) < 0.02
    assert sum(fine.values()) < 0.75 * sum(coarse.values()) + 1e-3


def test_a_layer_at_the_cut_is_the_one_thing_that_differs() -> None:
    """The mesh blurs a sharp layer over some cells; away from it both methods agree again."""
    layers = layers_of_spin(spin(1000, 4), START, P, moments=2, mesh=120)
    for red_cells, most in ((0.06, 0.2), (0.12, 0.02), (0.2, 0.01)):
        exact = recoveries_of_spin(spin(1000, 4), START, red_cells, P).shares["erythroblast"]
        found = layers.share_above(layers.level(red_cells))["erythroblast"]
        assert abs(found - float(exact)) < most


def test_paths_are_followed_finely_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = [recoveries_of_spin(protocol, START, 0.1, P, 0.2).shares for protocol in PROTOCOLS]
    monkeypatch.setattr(kynch, "STEPS", 8 * kynch.STEPS)
    for protocol, found in zip(PROTOCOLS, shares, strict=True):
        finer = recoveries_of_spin(protocol, START, 0.1, P, 0.2).shares
        assert all(abs(float(found[name] - finer[name])) < 0.01 for name in found)


@pytest.mark.parametrize("radius", ["10 cm", "15 cm"])
def test_one_force_in_the_bed_does_what_its_gradient_does(radius: str) -> None:
    for minutes in (1.5, 3, 6, 12):
        found = differences(spin(1000, minutes, radius=radius), 100)
        found.pop("erythroblast")
        assert max(found.values()) < 0.05
    even, graded = (
        float(recoveries_of_spin(spin(1000, 4, radius=r), START, 0.06, P).shares["progenitor"])
        for r in (None, radius)
    )
    assert graded > even + 0.05  # the force in the middle of the column would miss it


# What the law must do


def test_separation_depends_on_force_times_time() -> None:
    one = recoveries_of_spin(spin(500, 12), START, 0.06, P).shares
    other = recoveries_of_spin(spin(1000, 6), START, 0.06, P).shares
    assert {k: float(v) for k, v in one.items()} == pytest.approx(
        {k: float(v) for k, v in other.items()}, abs=1e-9
    )
    halved = recoveries_of_spin(spin(500, 6), START, 0.06, P).shares
    assert float(halved["progenitor"]) < float(other["progenitor"]) - 0.3


def test_turns_and_radius_are_the_force_they_make() -> None:
    turning = Spin.model_validate(
        {"rpm": 2443.0, "radius": "15 cm", "duration": "6 min", "column": "8 cm"}
    )
    assert turning.force == pytest.approx(1.118e-5 * 15 * 2443**2, rel=1e-3)
    found = recoveries_of_spin(turning, START, 0.06, P).shares
    told = recoveries_of_spin(spin(turning.force, 6, radius="15 cm"), START, 0.06, P).shares
    assert float(found["lymphocyte"]) == pytest.approx(float(told["lymphocyte"]), abs=1e-9)


def test_without_aggregation_five_minutes_capture_almost_nothing() -> None:
    for force in (800, 1000, 1200):
        alone = recoveries_of_spin(spin(force, 5), START, 0.06, P.single()).shares
        assert float(alone["progenitor"]) < 0.01
        assert float(alone["lymphocyte"]) < 0.01
    in_clumps = recoveries_of_spin(spin(1000, 5), START, 0.06, P).shares
    assert float(in_clumps["progenitor"]) > 0.8
    layers = layers_of_spin(spin(1000, 5), START, P.single(), moments=2)
    assert layers.share_above(layers.level(0.06))["progenitor"] < 0.01


def test_platelets_leave_the_plasma_beyond_a_million() -> None:
    left = []
    for minutes in (2.0, 18.0):
        layers = layers_of_spin(spin(1000, minutes), START, P, moments=2)
        left.append(layers.share_above(layers.level(0.001) + 0.003)[PLATELET])
        kept = layers.share_above(layers.level(0.06))
        assert kept[PLATELET] > 0.75  # they are in the buffy coat
        assert kept[RED_CELL] == pytest.approx(0.06, abs=1e-9)
    assert left[0] > 0.5
    assert left[1] < 0.001
