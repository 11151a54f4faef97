"""Where a volume settles: room, order of filling, and an exact level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from trephine.case.anatomy import Anatomy
from trephine.core.grid import Grid
from trephine.core.types import Voxels
from trephine.models import placement

STEP = 1e-3
ALL = {"gap": 1.0, "canal": 1.0, "callus": 1.0}


def site(gap_layers: int = 3) -> Anatomy:
    """A square bar of 5 x 5 voxels with a canal of one, in a 9 x 9 x 15 box; a plane gap."""
    grid = Grid((9, 9, 15), STEP, (-4 * STEP, -4 * STEP, -7 * STEP))
    x, y, z = (np.broadcast_to(np.rint(c / STEP), grid.shape) for c in grid.centres())
    shaft = (abs(x) <= 2) & (abs(y) <= 2)
    hollow = (x == 0) & (y == 0)
    between = abs(z) <= gap_layers // 2
    parts = {
        "bone": shaft & ~hollow & ~between,
        "metal": np.zeros(grid.shape, bool),
        "canal": hollow & ~between,
        "gap": shaft & between,
        "callus": ~shaft & (abs(x) <= 3) & (abs(y) <= 3),
        "cortex_removed": shaft & ~hollow & between,
    }
    return Anatomy(
        grid=grid,
        **{name: part.astype(float) for name, part in parts.items()},
        hounsfield=np.zeros(grid.shape),
        outer_radius=2.5 * STEP,
        canal_radius=0.5 * STEP,
        gap_width=gap_layers * STEP,
        tilt=0.0,
        virtual=False,
    )


def test_room_by_count() -> None:
    # A reach of 1 mm is one layer: gap 75; canal 2; callus 3 layers of 20 side voxels. Voxels that
    # touch the gap by an edge or a corner lie sqrt(2) - 1/2 and sqrt(3) - 1/2 from its face.
    room = placement.capacity(site(), STEP, ALL)
    edges, corners = (2 - np.sqrt(2)) * (12 + 40), (2 - np.sqrt(3)) * 8
    assert room.sum() == pytest.approx(75 + 2 + 60 + edges + corners, rel=1e-9)


def refined(anatomy: Anatomy) -> Anatomy:
    """The same site on voxels of half the edge."""
    grid = anatomy.grid
    half = grid.spacing / 2
    fine = Grid(tuple(2 * n for n in grid.shape), half, tuple(o - half / 2 for o in grid.origin))
    arrays = {
        name: np.kron(getattr(anatomy, name), np.ones((2, 2, 2)))
        for name in ("bone", "metal", "canal", "gap", "callus", "cortex_removed", "hounsfield")
    }
    return replace(anatomy, grid=fine, **arrays)


def disagreement(depth: Callable[[Anatomy], Voxels]) -> float:
    """Relative difference of the room on coarse and on fine voxels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(placement, "depth_beyond_gap", depth)
        coarse, fine = (
            placement.capacity(a, 2.5 * STEP, ALL).sum() * a.grid.voxel_volume
            for a in (site(), refined(site()))
        )
    return abs(float(coarse / fine) - 1)


def from_centre_to_centre(anatomy: Anatomy) -> Voxels:
    """Sabotage: measure from the centre of the last voxel of the gap, not from its face."""
    inside = anatomy.gap >= 0.5 * anatomy.gap.max()
    return distance_transform_edt(~inside) * anatomy.grid.spacing


def test_room_hardly_depends_on_the_voxel() -> None:
    assert disagreement(placement.depth_beyond_gap) < 0.02


def test_the_check_rejects_distances_between_centres() -> None:
    assert disagreement(from_centre_to_centre) > 0.04


def test_shares_of_access_scale_the_room() -> None:
    room = placement.capacity(site(), STEP, {"gap": 1.0, "canal": 0.5, "callus": 0.0})
    assert room.sum() == pytest.approx(76.0)


def test_room_never_exceeds_the_open_tissue() -> None:
    anatomy = site()
    assert (placement.capacity(anatomy, 0.1, ALL) <= anatomy.open + 1e-12).all()


def test_centre_of_the_gap() -> None:
    assert placement.gap_centre(site()) == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)


def test_gap_fills_before_its_surroundings() -> None:
    anatomy = site()
    room = placement.capacity(anatomy, 3 * STEP, ALL)
    ease = placement.ease(anatomy, (0.0, 0.0, 0.0), 40e-9)
    fill = placement.settle(room, ease, 40e-9, 1e-9)
    assert anatomy.gap.sum() / room.sum() < 0.27
    assert (fill * anatomy.gap).sum() == pytest.approx(29.24, abs=0.01)
    assert fill[4, 4, 7] == fill.max() == pytest.approx(0.632, abs=1e-3)  # the tip
    assert fill.sum() == pytest.approx(40.0, rel=1e-12)


def test_tip_off_the_centre_moves_the_fill() -> None:
    anatomy = site()
    room = placement.capacity(anatomy, STEP, ALL)
    ease = placement.ease(anatomy, (2 * STEP, 0.0, 0.0), 20e-9)
    fill = placement.settle(room, ease, 20e-9, 1e-9)
    x = anatomy.grid.centres()[0]
    assert (fill * x).sum() / fill.sum() > 0.5 * STEP


def bisected(room: Voxels, readiness: Voxels, volume: float, voxel_volume: float) -> Voxels:
    """The same level by bisection: slow, and plainly right."""
    low, high = 0.0, 1.0 / readiness.min()
    for _ in range(200):
        level = 0.5 * (low + high)
        held = (room * np.minimum(1.0, level * readiness)).sum() * voxel_volume
        low, high = (level, high) if held < volume else (low, level)
    return room * np.minimum(1.0, high * readiness)


def scaled(room: Voxels, readiness: Voxels, volume: float, voxel_volume: float) -> Voxels:
    """Sabotage: spread in proportion and never mind that voxels overflow."""
    return readiness * room * volume / ((readiness * room).sum() * voxel_volume)


def worst(method: Callable[[Voxels, Voxels, float, float], Voxels]) -> float:
    rng = np.random.default_rng(9)
    room, readiness = rng.random((6, 5, 4)), rng.uniform(0.01, 1.0, (6, 5, 4))
    return max(
        float(abs(method(room, readiness, v, 1.0) - bisected(room, readiness, v, 1.0)).max())
        for v in (0.01, 5.0, 0.5 * room.sum(), 0.999 * room.sum())
    )


def test_level_agrees_with_bisection() -> None:
    assert worst(placement.settle) < 1e-12


def test_the_check_rejects_a_method_that_overflows() -> None:
    assert worst(scaled) > 0.1


def test_all_the_room_can_be_taken_and_no_more() -> None:
    room = np.array([[[0.5, 0.0, 1.0]]])
    readiness = np.array([[[1.0, 0.1, 1e-9]]])
    assert placement.settle(room, readiness, 1.5, 1.0) == pytest.approx(room)
    with pytest.raises(ValueError, match="do not fit"):
        placement.settle(room, readiness, 1.6, 1.0)


def test_a_volume_a_rounding_short_of_the_room_fills_it() -> None:
    rng = np.random.default_rng(3)
    room = rng.random((9, 9, 9)) * (rng.random((9, 9, 9)) > 0.5)
    readiness = np.exp(-rng.uniform(0, 40, room.shape))
    volume = float(room.sum()) * (1 - 2e-16)
    assert placement.settle(room, readiness, volume, 1.0) == pytest.approx(room, rel=1e-9)


def test_no_voxel_is_out_of_range_of_floats() -> None:
    ease = placement.ease(site(), (10.0, 0.0, 0.0), 1e-12)
    assert (ease > 0).all()


def test_the_room_of_a_site_is_three_volumes() -> None:
    anatomy = site()
    volumes = placement.volumes_within_reach(anatomy, 2.5 * STEP)
    for shares in (ALL, {"gap": 0.9, "canal": 0.2, "callus": 0.6}):
        by_voxel = placement.capacity(anatomy, 2.5 * STEP, shares).sum() * 1e-9
        assert placement.room(volumes, shares) == pytest.approx(by_voxel, rel=1e-12)
    canal = np.array([0.1, 0.5])
    found = placement.room(volumes, {"gap": 1.0, "canal": canal, "callus": 0.0})
    assert found == pytest.approx(volumes.gap + canal * volumes.canal)


def test_portions_are_aimed_on_a_circle_in_the_plane_of_the_gap() -> None:
    tilted = replace(site(), tilt=0.3)
    aims = np.array(placement.aims(tilted, 8, 2 * STEP))
    assert np.linalg.norm(aims, axis=1) == pytest.approx(2 * STEP)
    assert aims[:, 2] == pytest.approx(aims[:, 1] * np.tan(0.3), abs=1e-15)
    assert aims.mean(axis=0) == pytest.approx(0.0, abs=1e-15)
    assert placement.aims(tilted, 1, 0.0) == (pytest.approx((0.0, 0.0, 0.0), abs=1e-12),)


def forgetful(
    anatomy: Anatomy, room: Voxels, tips: list[tuple[float, float, float]], volume: float
) -> Voxels:
    """Sabotage: each portion finds all the room, as if none had come before it."""
    each = volume / len(tips)
    voxel = anatomy.grid.voxel_volume
    return sum(placement.settle(room, placement.ease(anatomy, t, each), each, voxel) for t in tips)


def overfill(method: Callable[..., Voxels]) -> float:
    """How far portions that nearly fill the site go above the room of a voxel."""
    anatomy = site()
    room = placement.capacity(anatomy, STEP, ALL)
    volume = 0.9 * float(room.sum()) * anatomy.grid.voxel_volume
    tips = [(2 * STEP, 0.0, 0.0), (-STEP, STEP, 0.0), (-STEP, -STEP, 0.0)]
    fill = method(anatomy, room, tips, volume)
    assert fill.sum() * anatomy.grid.voxel_volume == pytest.approx(volume, rel=1e-12)
    return float((fill - room).max())


def test_portions_find_the_room_that_is_left() -> None:
    assert overfill(placement.settle_in_turn) <= 0.0


def test_the_check_rejects_portions_that_lie_in_each_other() -> None:
    assert overfill(forgetful) > 0.1
