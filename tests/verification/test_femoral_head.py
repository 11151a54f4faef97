"""A necrotic head: geometry, load, front and renewal against what can be told by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from trephine.case.document import validate
from trephine.case.hip import FemoralHead
from trephine.case.plan import Plan
from trephine.intake import head
from trephine.intake.head import cap_area, head_anatomy, printed, sector_volume
from trephine.models import necrosis
from trephine.models.flattening import flattening
from trephine.models.head_load import bear, block
from trephine.models.necrosis import Felt, Place
from trephine.models.necrosis_parameters import in_engine_units
from trephine.numerics.elasticity import apply
from trephine.stages.hip import hip_course

VOXEL = 3.5e-3
P = printed()
NUMBERS = in_engine_units(P)


def site(**lesion: Any) -> FemoralHead:
    data = {"kind": "femoral_head", "side": "left", "stage": "I", "radius": "24 mm"}
    return validate(FemoralHead, {**data, "lesion": lesion or {"jic": "C1"}}, "hip")


def cap_on_the_grid(half_angle: float, volume: Callable[..., float]) -> float:
    """Return the dead volume on a fine grid over what a formula says."""
    cap = {"half_angle": f"{half_angle} deg"}
    anatomy = head_anatomy(site(painted=cap), 2e-3)
    return anatomy.lesion_volume / volume(0.024, np.radians(half_angle))


@pytest.mark.parametrize("half_angle", [30.0, 55.0, 80.0])
def test_the_dead_volume_is_that_of_the_formula(half_angle: float) -> None:
    assert cap_on_the_grid(half_angle, sector_volume) == pytest.approx(1.0, abs=0.02)


def test_the_volume_check_rejects_a_cap_without_its_cone() -> None:
    def without_cone(radius: float, half_angle: float) -> float:
        height = radius * (1.0 - np.cos(half_angle))
        return float(np.pi * height**2 * (radius - height / 3.0))

    assert cap_on_the_grid(55.0, without_cone) != pytest.approx(1.0, abs=0.02)


def test_flattening_is_the_height_of_the_cap_that_lost_support() -> None:
    area = cap_area(0.024, 0.4) * 1e6
    assert flattening(area, 24.0) == pytest.approx(24.0 * (1.0 - np.cos(0.4)), rel=1e-12)
    assert flattening(area, 24.0) != pytest.approx(24.0 - 24.0 * np.cos(0.2), rel=0.1)


def transmitted(force: float, at: int) -> float:
    """Return the force that passes the head at a level of the grid, below the socket [N]."""
    anatomy = head_anatomy(site(), VOXEL)
    sound = np.ones(anatomy.grid.shape)
    borne = bear(anatomy, sound, force, NUMBERS)
    moved = borne.displacement[0] * force / borne.stiffness
    modulus = np.asarray(block(anatomy, sound, NUMBERS))
    upper = np.zeros_like(modulus)
    upper[:, :, at:] = modulus[:, :, at:]
    forces = apply(moved, upper, 3.5, poisson=P.poisson)
    return float(-forces[2][:, :, at].sum())


@pytest.mark.parametrize("level", [4, 8, 12])
def test_the_load_is_in_balance_at_every_level(level: int) -> None:
    assert abs(transmitted(1922.0, level)) == pytest.approx(1922.0, rel=2e-3)


def test_the_balance_rejects_half_a_load() -> None:
    assert abs(transmitted(961.0, 8)) != pytest.approx(1922.0, rel=2e-3)


def front_speed(advance: Callable[..., dict[str, Any]], days: float) -> float:
    """Return how fast a plane front moves through dead bone [mm/d]."""
    shape = (24, 3, 3)
    x = np.arange(24.0)[:, None, None] * np.ones(shape)
    state = necrosis.begin(np.ones(shape), -x, NUMBERS)
    still = np.zeros(shape)
    felt = Felt(still, still, 1.0, still, np.ones(shape))
    later = advance(state, felt, Place(np.ones(shape, dtype=bool), 1.0), NUMBERS, days)
    return float((later["passed"] - state["passed"])[20, 1, 1]) / days


def test_a_plane_front_moves_at_its_stated_speed() -> None:
    assert front_speed(necrosis.advance, 20.0) == pytest.approx(0.0247, rel=1e-9)


def test_the_front_check_rejects_a_downwind_slope(monkeypatch: pytest.MonkeyPatch) -> None:
    right = necrosis.steepness

    def downwind(passed: Any, place: Place) -> Any:
        return right(-passed, place)

    monkeypatch.setattr(necrosis, "steepness", downwind)
    assert front_speed(necrosis.advance, 20.0) != pytest.approx(0.0247, rel=1e-3)


def course_of_a_voxel(step: float, order: tuple[str, ...] = ("resorb", "fill", "harden")) -> Any:
    """Return the integrity of a voxel behind the front over 200 days, (time,)."""
    shape = (3, 3, 3)
    state = necrosis.begin(np.ones(shape), np.full(shape, 50.0), NUMBERS)
    still = np.zeros(shape)
    felt = Felt(still, still, 1.0, still, np.ones(shape))
    place = Place(np.ones(shape, dtype=bool), 1.0)
    terms = (necrosis.RESORPTION, necrosis.FILLING, necrosis.MINERALISATION)
    named = dict(zip(("resorb", "fill", "harden"), terms, strict=True))
    model = tuple(named[name] for name in order)
    seen = []
    for _ in range(round(200.0 / step)):
        seen.append(float(necrosis.integrity(state, NUMBERS)[1, 1, 1]))
        state = necrosis.advance(state, felt, place, NUMBERS, step, model)
    return np.array(seen)


def chain_of_decays(days: Any) -> Any:
    """Return the integrity by the closed course of three first-order steps in a row (Bateman)."""
    r, f, m = 0.055, 0.03, 0.02
    cavity = 0.55 * r / (r - f) * (np.exp(-f * days) - np.exp(-r * days))
    soft = np.exp(-r * days) / ((f - r) * (m - r)) + np.exp(-f * days) / ((r - f) * (m - f))
    soft += np.exp(-m * days) / ((r - m) * (f - m))
    return 1.0 - cavity - 0.65 * 0.55 * r * f * soft


def error_of(step: float, order: tuple[str, ...] = ("resorb", "fill", "harden")) -> float:
    found = course_of_a_voxel(step, order)
    return float(np.abs(found - chain_of_decays(step * np.arange(found.size))).max())


def test_a_voxel_is_weakest_while_it_heals_as_the_chain_of_decays_says() -> None:
    assert error_of(1.0) == pytest.approx(0.0062, rel=0.1)
    assert np.log2(error_of(2.0) / error_of(1.0)) == pytest.approx(1.0, abs=0.1)
    assert course_of_a_voxel(0.5).min() == pytest.approx(0.641, abs=0.003)


def test_the_chain_rejects_filling_that_does_not_wait_and_bone_that_stays_soft() -> None:
    assert error_of(1.0, ("fill", "harden")) > 0.3
    assert error_of(1.0, ("resorb", "fill")) > 0.05


def healed(model: tuple[Any, ...]) -> float:
    """Return the stiffness of a head after eight years over that of a sound one."""
    anatomy = head_anatomy(site(jic="B"), VOXEL)
    plan = Plan.model_validate({"follow_up": {"duration": "2922 d", "interval": "1461 d"}})
    course = hip_course(
        site=site(jic="B"),
        anatomy=anatomy,
        weight=300.0,
        plan=plan,
        p=P,
        longest=487.0,
        model=model,
    )
    sound = bear(anatomy, np.ones(anatomy.grid.shape), 300.0 * P.walking_load, NUMBERS)
    return float(course.stiffness[-1] * 1e-3 / sound.stiffness)


def test_a_healed_head_has_its_stiffness_back() -> None:
    assert healed(necrosis.NECROSIS) == pytest.approx(1.0, abs=1e-3)


def test_the_healing_check_rejects_a_head_that_never_mineralises() -> None:
    broken = tuple(term for term in necrosis.NECROSIS if term is not necrosis.MINERALISATION)
    assert healed(broken) != pytest.approx(1.0, abs=1e-3)


def test_the_bone_of_a_voxel_is_never_made_nor_lost() -> None:
    rng = np.random.default_rng(1)
    shape = (6, 6, 6)
    state = necrosis.begin(rng.random(shape), rng.normal(0, 3, shape), NUMBERS)
    felt = Felt(
        *(rng.random(shape) * s for s in (9.0, 0.1)), 1.4, rng.random(shape), np.full(shape, 9.5)
    )
    later = necrosis.advance(state, felt, Place(np.ones(shape, dtype=bool), 2.0), NUMBERS, 400.0)
    np.testing.assert_allclose(sum(later[n] for n in necrosis.SHARES), 1.0, atol=1e-12)
    assert (later["crushed"] > 0).any()
    assert all(later[n].min() >= 0.0 for n in necrosis.SHARES)


def test_types_grow_and_divide_where_the_bearing_surface_does() -> None:
    widths = [
        head.sector(site(jic=t).lesion, 0.024, 1.0, P, 1.0).necrotic_angle
        for t in ("A", "B", "C1", "C2")
    ]
    np.testing.assert_allclose(np.degrees(widths), [70 - 50 / 3, 70 + 50 / 3, 120, 150], atol=1e-9)


def rim_after_averaging(voxel: float, average: Callable[..., Any]) -> float:
    """Return the least mean integrity across a rim 4 mm wide that has lost half, beside a joint."""
    count = round(28.0 / voxel)
    x = (np.arange(count) + 0.5) * voxel
    share = np.clip((2.0 - np.abs(x - 14.0)) / voxel + 0.5, 0.0, 1.0)
    whole = np.broadcast_to((1.0 - 0.5 * share)[:, None, None], (count, 9, 9))
    bone = np.ones(whole.shape, dtype=bool)
    bone[:, :3] = False
    return float(average(whole, Place(bone, voxel, 2.0))[bone].min())


def test_bone_bears_load_together_alike_on_all_voxels() -> None:
    """The Gaussian of a box in closed form: 1 - erf(1/sqrt(2))/2."""
    for voxel in (0.5, 1.0, 2.0):
        found = rim_after_averaging(voxel, necrosis.together)
        assert found == pytest.approx(1.0 - 0.5 * 0.6827, abs=0.035)


def test_the_check_rejects_bone_that_is_averaged_with_emptiness_or_not_at_all() -> None:
    def with_emptiness(values: Any, place: Place) -> Any:
        return ndimage.gaussian_filter(values * place.bone, place.length / place.spacing)

    expected = pytest.approx(1.0 - 0.5 * 0.6827, abs=0.035)
    assert rim_after_averaging(1.0, with_emptiness) != expected
    assert rim_after_averaging(1.0, lambda values, _: values) != expected
