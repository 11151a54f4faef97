"""Telling a bone from the rest, and finding its way round it."""

from __future__ import annotations

import numpy as np
import pytest

from trephine.case.site import Shaft
from trephine.core.errors import InputError
from trephine.intake.landmarks import end_offsets, hip_end, measure, oriented
from trephine.intake.parameters import parameters
from trephine.intake.phantom import Phantom, scan
from trephine.intake.sections import centre_line, sections
from trephine.intake.segmentation import Bone, segment
from trephine.intake.volume import Volume

P = parameters()
EDGE = 2e-3


def tube(x: int, y: int, z: slice, shape: tuple[int, int, int] = (60, 40, 50)) -> np.ndarray:
    i, j, _ = np.ogrid[: shape[0], : shape[1], : shape[2]]
    far = np.hypot(i - x, j - y) + np.zeros(shape)
    kept = np.zeros(shape, dtype=bool)
    kept[:, :, z] = ((far <= 7) & (far > 3.5))[:, :, z]
    return kept


def volume(*parts: tuple[np.ndarray, float]) -> Volume:
    values = np.full((60, 40, 50), 40.0, dtype=np.float32)
    for mask, number in parts:
        values[mask] = number
    return Volume(values, np.diag([EDGE, EDGE, EDGE, 1.0]), "test")


ONE = tube(15, 20, slice(3, 47))


def test_the_largest_part_is_the_bone_whatever_shines_beside_it() -> None:
    rng = np.random.Generator(np.random.Philox(7))
    arteries = np.zeros_like(ONE)
    arteries[28:, :, :] = rng.random((32, 40, 50)) < 0.02
    bone = segment(volume((ONE, 1500), (arteries, 600)), P)
    assert bone.report.parts > 200
    assert np.array_equal(bone.mask, ONE)
    assert bone.report.taken == 1
    assert bone.report.hounsfield_median == 1500
    assert bone.report.volume == pytest.approx(ONE.sum() * EDGE**3)
    assert bone.report.touches == ()


def test_nothing_like_a_bone_is_refused_with_its_size() -> None:
    speck = np.zeros_like(ONE)
    speck[10:14, 10:14, 10:14] = True
    with pytest.raises(InputError, match=r"no bone was found.* 400 HU has 0\.51 mL.* least 3 mL"):
        segment(volume((speck, 1500)), P)
    with pytest.raises(InputError, match=r"has 0 mL"):
        segment(volume(), P)


def test_two_bones_need_a_point() -> None:
    other = tube(44, 20, slice(3, 47))
    both = volume((ONE, 1500), (other, 1500))
    with pytest.raises(InputError, match=r"two parts of similar size .* \(--near\)"):
        segment(both, P)
    found = segment(both, P, near=(44 * EDGE, 20 * EDGE, 25 * EDGE))
    assert np.array_equal(found.mask, other)
    assert found.report.next_share == pytest.approx(1.0)
    far = (0.5, 0.5, 0.5)
    with pytest.raises(InputError, match=r"no bone lies within 50 mm of the point"):
        segment(both, P, near=far)


def test_fragments_in_line_are_joined_and_others_are_not() -> None:
    low, high = tube(15, 20, slice(0, 22)), tube(15, 20, slice(26, 50))
    joined = segment(volume((low, 1500), (high, 1500)), P, broken=True)
    assert np.array_equal(joined.mask, low | high)
    assert joined.report.taken == 2
    assert joined.report.touches == ("foot", "head")
    beside = tube(44, 20, slice(26, 50))
    with pytest.raises(InputError, match=r"no second fragment in line"):
        segment(volume((low, 1500), (beside, 1500)), P, broken=True)
    with pytest.raises(InputError, match=r"bone in one piece"):
        segment(volume((ONE, 1500)), P, broken=True)


def test_metal_is_no_bone() -> None:
    nail = np.zeros_like(ONE)
    nail[14:17, 19:22, :] = True
    bone = segment(volume((ONE, 1500), (nail, 3000)), P)
    assert np.array_equal(bone.metal, nail)
    assert not (bone.mask & nail).any()
    assert bone.report.metal == pytest.approx(nail.sum() * EDGE**3)


def test_a_few_odd_sections_do_not_turn_the_axis() -> None:
    odd = ONE.copy()
    odd[20:32, 14:26, 40:44] = True
    table = sections(volume((odd, 1500)), odd)
    line = centre_line(table)
    assert line.direction == pytest.approx([0, 0, 1], abs=1e-6)
    assert line.at(0.05) == pytest.approx([15 * EDGE, 20 * EDGE, 0.05], abs=1e-6)


# -- a whole bone with a head


@pytest.fixture(scope="module")
def leg() -> tuple[Volume, Bone]:
    shaft = Shaft.model_validate({"outer_diameter": "29 mm", "canal_diameter": "14 mm"})
    volume = scan(Phantom(shaft, 0.2, "left", None), (3e-3, 3e-3, 4e-3))
    return volume, segment(volume, P)


def test_the_head_stands_off_to_the_other_leg(leg: tuple[Volume, Bone]) -> None:
    offsets = end_offsets(sections(leg[0], leg[1].mask))
    assert offsets["high"][0] == pytest.approx(-2.8 * 14.5e-3, abs=3e-3)
    assert abs(offsets["low"][0]) < 1e-3
    assert hip_end(sections(leg[0], leg[1].mask), P) == "high"


def test_the_right_header_and_side_pass_unchanged(leg: tuple[Volume, Bone]) -> None:
    same, bone = oriented(*leg, P, name="femur", side="left")
    assert same.notices == ()
    assert np.array_equal(bone.mask, leg[1].mask)


def test_a_side_that_the_image_contradicts_is_refused(leg: tuple[Volume, Bone]) -> None:
    with pytest.raises(InputError, match=r"says right, but .* as on a left femur"):
        oriented(*leg, P, name="femur", side="right")


def test_ends_that_the_image_contradicts_are_refused(leg: tuple[Volume, Bone]) -> None:
    with pytest.raises(InputError, match=r"--head-at says .* lies at high z; give --head-at high"):
        oriented(*leg, P, name="femur", side="left", head_at="low")
    upset, bone = leg[0].turned((2,), ""), leg[1].turned((2,))
    with pytest.raises(InputError, match=r"header says .* at low z; give --head-at low"):
        oriented(upset, bone, P, name="femur", side="left")


@pytest.mark.parametrize("side", ["left", "right"])
def test_an_upset_scan_is_set_right_and_its_side_taken_as_stated(
    leg: tuple[Volume, Bone], side: str
) -> None:
    upset, turned = leg[0].turned((2,), "reversed on purpose"), leg[1].turned((2,))
    volume, bone = oriented(upset, turned, P, name="femur", side=side, head_at="low")  # type: ignore[arg-type]
    offset = end_offsets(sections(volume, bone.mask))["high"]
    assert offset[0] == pytest.approx(-0.0406 if side == "left" else 0.0406, abs=3e-3)
    assert f"'{side}' is taken as stated" in volume.notices[-1]
    assert (volume.hounsfield[bone.mask] >= 400).all(), "scan and bone were turned alike"


def test_a_bone_whose_ends_look_alike_takes_the_side_as_stated(
    leg: tuple[Volume, Bone],
) -> None:
    short = Bone(leg[1].mask.copy(), leg[1].metal, leg[1].report)
    short.mask[:, :, short.mask.shape[2] // 2 :] = False  # half a bone shows no head
    volume, _ = oriented(leg[0], short, P, name="tibia", side="right")
    unchecked = (
        "that the bone is a tibia and which of its ends is towards the head are taken as stated; "
        "only a whole femur's are checked"
    )
    assert volume.notices == (
        unchecked,
        "the side 'right' is taken as stated; the image cannot tell",
    )


def test_a_femur_that_is_called_a_tibia_is_told(leg: tuple[Volume, Bone]) -> None:
    told = oriented(*leg, P, name="tibia", side="right")[0].notices[0]
    assert told == (
        "the end at high z stands off the line of the shaft as the head of a femur does: if it is "
        "one, --bone tibia is wrong"
    )
    upset, bone = leg[0].turned((2,), ""), leg[1].turned((2,))
    told = oriented(upset, bone, P, name="tibia", side="right")[0].notices[1]
    assert told.endswith("--bone tibia is wrong and the header's z axis runs the wrong way")


def test_a_level_off_the_bone_is_refused(leg: tuple[Volume, Bone]) -> None:
    with pytest.raises(InputError, match=r"--level 1\.2 is not on the bone"):
        measure(*leg, 1.2, P)


def test_a_shaft_across_the_scan_is_refused() -> None:
    steep = np.zeros((60, 40, 50), dtype=bool)
    i, j, k = np.indices(steep.shape)
    far = np.hypot((i - 5) - 1.4 * k, j - 20)
    steep[(far <= 9) & (far > 4)] = True
    slanted = volume((steep, 1500))
    bone = segment(slanted, P)
    with pytest.raises(InputError, match=r"the shaft lies 5\d degrees .* reformat"):
        measure(slanted, bone, 0.5, P)
