"""Intake measures on a real femur what its notes say was measured by hand.

The notes took plain slices and counted voxels at 400 HU. Diameters and cortex must agree within
one voxel across (1.7 mm), areas within what half a millimetre on a diameter of 30 mm makes
(cortex 4 %, canal 8 %), CT numbers within 2 %.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trephine.case.case import Case, read
from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.core.errors import InputError
from trephine.intake import ct
from trephine.intake.case import intake
from trephine.intake.landmarks import Measures, measure, oriented
from trephine.intake.parameters import parameters
from trephine.intake.segmentation import Bone, segment
from trephine.intake.site import anatomy
from trephine.intake.volume import Volume

P = parameters()
VOXEL = 1.7e-3

# level: cortical mm2, medullary mm2, outer diameter mm, cortex mm, cortex HU
NOTES = {
    0.40: (535, 150, 29.5, 7.8, 1519),
    0.55: (517, 150, 29.2, 7.7, 1553),
    0.70: (471, 243, 30.1, 6.3, 1500),
}


@pytest.fixture(scope="module")
def femur(scans: Path) -> tuple[Volume, Bone]:
    volume = ct.read(scans / "femur_ct.nii")
    return oriented(volume, segment(volume, P), P, name="femur", side="left", head_at="low")


def agrees(found: Measures, notes: tuple[float, float, float, float, float]) -> bool:
    cortical, medullary, outer, cortex, number = notes
    return (
        found.cortical_area * 1e6 == pytest.approx(cortical, rel=0.04)
        and found.medullary_area * 1e6 == pytest.approx(medullary, rel=0.08)
        and found.outer_diameter * 1e3 == pytest.approx(outer, abs=VOXEL * 1e3)
        and found.cortex_thickness * 1e3 == pytest.approx(cortex, abs=VOXEL * 1e3)
        and found.cortex_hounsfield == pytest.approx(number, rel=0.02)
    )


@pytest.mark.parametrize("level", NOTES)
def test_the_shaft_measures_what_the_notes_say(femur: tuple[Volume, Bone], level: float) -> None:
    assert agrees(measure(*femur, level, P), NOTES[level])


def test_the_check_rejects_levels_from_the_wrong_end(femur: tuple[Volume, Bone]) -> None:
    assert not agrees(measure(*femur, 1 - 0.70, P), NOTES[0.70])
    assert not agrees(measure(*femur, 1 - 0.40, P), NOTES[0.40])


def test_the_check_rejects_another_threshold(scans: Path) -> None:
    loose = replace(P, bone_threshold=900.0)
    volume = ct.read(scans / "femur_ct.nii")
    bone = segment(volume, loose)
    volume, bone = oriented(volume, bone, loose, name="femur", side="left", head_at="low")
    assert not all(agrees(measure(volume, bone, level, loose), NOTES[level]) for level in NOTES)


def test_its_arteries_and_its_neighbours_are_left_out(femur: tuple[Volume, Bone]) -> None:
    report = femur[1].report
    assert report.parts > 200
    assert report.volume * 1e6 == pytest.approx(223, abs=5)
    assert report.touches == ()
    assert report.metal == 0


def test_its_reversed_axis_is_noticed(scans: Path, femur: tuple[Volume, Bone]) -> None:
    volume = ct.read(scans / "femur_ct.nii")
    bone = segment(volume, P)
    for stated in (None, "high"):
        with pytest.raises(InputError, match=r"at low z; give --head-at low"):
            oriented(volume, bone, P, name="femur", side="left", head_at=stated)  # type: ignore[arg-type]
    assert any("runs against its header" in notice for notice in femur[0].notices)
    assert any("'left' is taken as stated" in notice for notice in femur[0].notices)


def test_the_nailed_pelvis_is_not_taken_for_one_bone(scans: Path) -> None:
    volume = ct.read(scans / "pelvis_nailed_hip_ct.nii.gz")
    with pytest.raises(InputError, match=r"two parts of similar size"):
        segment(volume, P)
    with pytest.raises(InputError, match=r"no bone lies within 50 mm"):
        segment(volume, P, near=(5.0, 5.0, 5.0))
    nailed = segment(volume, P, near=tuple(_metal_middle(volume)))  # type: ignore[arg-type]
    assert nailed.report.metal * 1e6 > 5


def _metal_middle(volume: Volume) -> np.ndarray:
    found = np.argwhere(volume.hounsfield >= P.metal_threshold)
    return volume.position(found.mean(axis=0))


def test_density_in_other_units_is_refused(scans: Path) -> None:
    with pytest.raises(InputError, match=r"no air near -1000 is in view"):
        ct.read(scans / "callus_hrpqct_1237_mgHAcm3.nii.gz")


def test_a_case_is_made_of_it(scans: Path, tmp_path: Path) -> None:
    data: dict[str, Any] = {
        "name": "A template",
        "patient": {"age": "50 year", "sex": "female", "mass": "60 kg"},
        "site": {
            "kind": "shaft",
            "bone": "femur",
            "side": "left",
            "diagnosis": "atrophic non-union",
            "gap": {"width": "3 mm"},
            "fixation": {"kind": "nail", "nail_diameter": "11 mm"},
            "shaft": {"outer_diameter": "29 mm", "canal_diameter": "14 mm"},
        },
    }
    template: Case = validate(Case, data, "template")
    result = intake(
        scans / "femur_ct.nii", template=template, out=tmp_path, name="Real femur", bone="femur",
        side="left", level=0.55, gap_width=4e-3, head_at="low",
    )  # fmt: skip
    _, _, outer, cortex, _ = NOTES[0.55]
    assert result.outer_diameter == pytest.approx(outer * 1e-3, abs=VOXEL)
    assert result.canal_diameter == pytest.approx((outer - 2 * cortex) * 1e-3, abs=VOXEL)
    a = anatomy(read(result.case).site, Settings.preset("draft"))
    assert a.virtual
    assert a.gap.sum() * a.grid.voxel_volume * 1e6 == pytest.approx(2.17, rel=0.05)
    assert np.median(a.hounsfield[a.bone > 0.99]) == pytest.approx(1520, rel=0.05)
    with pytest.raises(InputError, match=r"nail \(16 mm\) is wider than the canal \(14\.\d mm\)"):
        intake(
            scans / "femur_ct.nii", template=template, out=tmp_path, name="Too wide",
            bone="femur", side="left", level=0.55, gap_width=4e-3, head_at="low",
            nail_diameter=16e-3,
        )  # fmt: skip
