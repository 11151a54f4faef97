"""How a head breaks and is drilled: patches, tracks and strain against what can be told by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from trephine.case.decompression import CoreDecompression
from trephine.case.document import validate
from trephine.case.head_anatomy import HeadAnatomy
from trephine.case.hip import FemoralHead
from trephine.intake.head import cap_area, head_anatomy, printed
from trephine.models import necrosis
from trephine.models.drilling import drill, drilled
from trephine.models.flattening import Stage, fractured, patch_of, stage, unsupported
from trephine.models.head_load import bear
from trephine.models.necrosis_parameters import in_engine_units

P = printed()
NUMBERS = in_engine_units(P)
RADIUS = 0.024


def head(voxel: float = 2e-3, half_angle: float = 45.0) -> HeadAnatomy:
    """Return a head with a lesion around the hip force."""
    lesion = {"painted": {"half_angle": f"{half_angle} deg"}}
    data = {"kind": "femoral_head", "side": "left", "stage": "II", "radius": "24 mm"}
    site = validate(FemoralHead, {**data, "lesion": lesion}, "hip")
    return head_anatomy(site, voxel, p=P)


def crushed_cap(anatomy: HeadAnatomy, degrees: float, middle: float = 0.0) -> Any:
    """Return crushed bone down to 5 mm below a cap whose middle leans in the coronal plane."""
    x, y, z = np.broadcast_arrays(*anatomy.grid.centres())
    r = np.sqrt(x * x + y * y + z * z)
    lean = np.radians(middle)
    along = (x * np.sin(lean) + z * np.cos(lean)) / r
    return (along > np.cos(np.radians(degrees))) & (r > RADIUS - 5e-3) & (r <= RADIUS)


def flat_section(anatomy: HeadAnatomy, crushed: Any) -> float:
    """Return the section of the columns: a patch that forgets the slope of the surface [mm^2]."""
    columns = (crushed & (anatomy.head > 0.5)).any(axis=2)
    return float(columns.sum()) * (anatomy.grid.spacing * 1e3) ** 2


def over_formula(patch: Callable[[HeadAnatomy, Any], float], degrees: float) -> float:
    """Return the area of a patch above a crushed cap over that of the cap."""
    anatomy = head(1.5e-3)
    area = cap_area(RADIUS, np.radians(degrees)) * 1e6
    return patch(anatomy, crushed_cap(anatomy, degrees)) / area


@pytest.mark.parametrize("degrees", [25.0, 50.0])
def test_the_patch_above_a_crushed_cap_is_the_surface_of_the_cap(degrees: float) -> None:
    assert over_formula(unsupported, degrees) == pytest.approx(1.0, abs=0.06)


def test_the_patch_check_rejects_a_surface_without_slope() -> None:
    assert over_formula(flat_section, 50.0) != pytest.approx(1.0, abs=0.06)


def test_patches_that_do_not_touch_are_not_added_up() -> None:
    anatomy = head(1.5e-3)
    one, other = (crushed_cap(anatomy, 15.0, middle) for middle in (-35.0, 35.0))
    alone = unsupported(anatomy, one)
    assert unsupported(anatomy, one | other) == pytest.approx(alone, rel=0.05)
    joined = crushed_cap(anatomy, 15.0) | one | crushed_cap(anatomy, 15.0, -17.0)
    assert unsupported(anatomy, joined) > 1.5 * alone


def test_bone_crushed_in_the_lower_half_takes_no_support_away() -> None:
    anatomy = head()
    below = crushed_cap(anatomy, 40.0, 180.0)
    assert below.any()
    assert unsupported(anatomy, below) == 0.0


def test_a_head_goes_through_the_stages_and_never_back() -> None:
    bounds = (NUMBERS["fracture_area"], NUMBERS["collapse_depth"])
    assert bounds == (100.0, 2.0)
    told = [
        stage(Stage.II, patch, patch / (2 * np.pi * 24.0), *bounds) for patch in (99, 101, 301, 302)
    ]
    assert told == [Stage.II, Stage.IIIA, Stage.IIIA, Stage.IIIB]
    assert stage(Stage.IIIB, 0.0, 0.0, *bounds) is Stage.IIIB
    assert patch_of(2.0, 24.0) == pytest.approx(301.6, abs=0.1)


def track_over_formula(diameter: str, shown: float, voxel: float = 1.5e-3) -> float:
    """Return the volume of a track between two levels over that of a slanted cylinder."""
    anatomy = head(voxel)
    given = {"kind": "core_decompression", "day": "0 d", "diameter": diameter}
    share = drilled(anatomy, validate(CoreDecompression, given, "plan"))
    z = anatomy.grid.centres()[2].ravel()
    levels = (z > -15e-3) & (z < 5e-3)
    end = np.array(anatomy.axis) * (RADIUS - 5e-3)
    along = end - np.array(anatomy.neck_axis) * RADIUS * 2.0
    slant = along[2] / np.linalg.norm(along)
    height = levels.sum() * voxel
    formula = np.pi * shown**2 / 4.0 * height / slant
    return float(share[:, :, levels].sum()) * voxel**3 / formula


@pytest.mark.parametrize(("diameter", "shown"), [("8 mm", 8e-3), ("12 mm", 12e-3)])
def test_a_track_takes_out_a_slanted_cylinder(diameter: str, shown: float) -> None:
    assert track_over_formula(diameter, shown) == pytest.approx(1.0, abs=0.04)


def test_the_track_check_rejects_a_radius_taken_for_a_diameter() -> None:
    assert track_over_formula("8 mm", 16e-3) != pytest.approx(1.0, abs=0.04)


def test_drilling_leaves_a_hole_whose_wall_is_a_front() -> None:
    anatomy = head()
    state = necrosis.begin(np.asarray(anatomy.dead), -np.asarray(anatomy.depth) * 1e3, NUMBERS)
    before = necrosis.reached(state, NUMBERS)
    plan = validate(CoreDecompression, {"kind": "core_decompression", "day": "0 d"}, "plan")
    share = drilled(anatomy, plan)
    drill(state, anatomy, plan)
    np.testing.assert_allclose(state["cavity"], share, atol=1e-12)
    np.testing.assert_allclose(sum(state[n] for n in necrosis.SHARES), 1.0, atol=1e-12)
    in_lesion = (share > 0.99) & (anatomy.dead > 0.99) & (before < 0.01)
    assert in_lesion.any()
    assert (necrosis.reached(state, NUMBERS)[in_lesion] > 0.9).all()


def left_below_the_joint(short_of_joint: str) -> float:
    """Return how far below the joint the drilled bone ends along the lesion's axis [mm]."""
    anatomy = head(1e-3)
    given = {"kind": "core_decompression", "day": "0 d", "short_of_joint": short_of_joint}
    share = drilled(anatomy, validate(CoreDecompression, given, "plan"))
    x, y, z = np.broadcast_arrays(*anatomy.grid.centres())
    taken = (share > 0.5) & (z > 0.0)
    return float((RADIUS - np.sqrt(x**2 + y**2 + z**2)[taken].max()) * 1e3)


def edge_of_the_end() -> float:
    """Return how far below the joint the flat end of a slanted track of 8 mm comes [mm]."""
    slant = np.arctan2(48.0 * np.sin(P.neck_tilt), 19.0 + 48.0 * np.cos(P.neck_tilt))
    return float(24.0 - np.hypot(19.0 + 4.0 * np.sin(slant), 4.0 * np.cos(slant)))


def test_a_track_ends_short_of_the_joint() -> None:
    """The upper edge of its flat end lies nearest to the joint: 3 mm below it for 5 mm."""
    assert edge_of_the_end() == pytest.approx(3.03, abs=0.02)
    assert left_below_the_joint("5 mm") == pytest.approx(edge_of_the_end(), abs=0.8)


def test_the_check_rejects_a_round_tip_that_goes_on_by_the_radius_of_the_drill() -> None:
    assert left_below_the_joint("1 mm") != pytest.approx(edge_of_the_end(), abs=0.8)


def borne_beside_the_patch(crushed_integrity: float) -> tuple[float, float, float]:
    """Return the stress beside a broken patch and within it, over that of the whole head."""
    anatomy = head(3.5e-3)
    numbers = in_engine_units(replace(P, crushed_integrity=crushed_integrity))
    broken = fractured(anatomy, 2e-3, numbers["fracture_depth"] * 1e-3)
    state = necrosis.begin(np.asarray(anatomy.dead), -np.asarray(anatomy.depth) * 1e3, numbers)
    force = 70.0 * 9.81 * P.walking_load
    before = bear(anatomy, necrosis.integrity(state, numbers), force, numbers)
    necrosis.crush(state, broken)
    after = bear(anatomy, necrosis.integrity(state, numbers), force, numbers)
    beside = ndimage.binary_dilation(broken, iterations=2) & (anatomy.head > 0.9) & ~broken
    beside = beside & ~broken.any(axis=2)[:, :, None] & (anatomy.grid.centres()[2] > RADIUS / 2)
    change = after.stress / np.maximum(before.stress, 1e-9)
    return (
        float(change[beside].mean()),
        float(change[broken].mean()),
        float(after.strain[broken].max()),
    )


def test_the_bone_beside_a_broken_patch_bears_what_the_patch_does_not() -> None:
    beside, within, strain = borne_beside_the_patch(P.crushed_integrity)
    assert beside > 1.003
    assert within < 0.6
    assert 1e-3 < strain < 0.2 * P.bone_strain


def test_the_check_rejects_crushed_bone_that_is_as_stiff_as_sound_bone() -> None:
    beside, within, _ = borne_beside_the_patch(1.0)
    assert beside == pytest.approx(1.0, abs=1e-3)
    assert within == pytest.approx(1.0, abs=1e-3)


def bone_before_and_after_breaking() -> tuple[Any, Any, Any, Any]:
    """Return bone and integrity of voxels, part of them cavities, before and after they break."""
    rng = np.random.default_rng(3)
    shape = (6, 6, 6)
    state = necrosis.begin(np.ones(shape), np.full(shape, -9.0), NUMBERS)
    cavity = np.where(rng.random(shape) < 0.3, 1.0, rng.random(shape))
    state |= {"kept": 0.5 * (1.0 - cavity), "dead": 0.2 * (1.0 - cavity), "cavity": cavity}
    state |= {"soft": 0.1 * (1.0 - cavity), "hard": 0.2 * (1.0 - cavity)}
    loaded = np.full(shape, 9.0)
    felt = necrosis.Felt(loaded, 0.0 * loaded, 0.0, 0.0 * loaded, loaded)
    place = necrosis.Place(np.ones(shape, dtype=bool), 2.0, 2.0)
    later = necrosis.advance(state, felt, place, NUMBERS, 8.0, (necrosis.FATIGUE,))
    assert (later["crushed"] > 0.0).any()
    whole = [necrosis.integrity(one, NUMBERS) for one in (state, later)]
    return 1.0 - state["cavity"], 1.0 - later["cavity"], *whole


def test_breaking_makes_no_bone_and_strengthens_none() -> None:
    before, after, whole, broken = bone_before_and_after_breaking()
    np.testing.assert_allclose(after, before, atol=1e-12)
    assert (broken <= whole + 1e-12).all()
    assert (before < necrosis.LEFT).any()


def test_the_check_rejects_breaking_that_fills_cavities_with_crushed_bone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def filling(state: dict[str, Any], where: Any) -> None:
        for name in necrosis.SHARES:
            state[name] = np.where(where, 1.0 if name == "crushed" else 0.0, state[name])

    monkeypatch.setattr(necrosis, "crush", filling)
    before, after, whole, broken = bone_before_and_after_breaking()
    assert after.sum() > 1.1 * before.sum()
    assert (broken > whole + 0.1).any()
