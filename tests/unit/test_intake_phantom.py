"""The phantom: what is written is what was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from trephine.case.site import Gap, Shaft
from trephine.core.errors import InputError
from trephine.intake import ct
from trephine.intake.phantom import Phantom, scan, write_phantom

SHAFT = Shaft.model_validate({"outer_diameter": "24 mm", "canal_diameter": "12 mm"})
COARSE = (2e-3, 2e-3, 2.5e-3)


def make(out: Path, **changes: Any) -> Path:
    given: dict[str, Any] = {"shaft": SHAFT, "length": 0.07, "spacing": COARSE}
    return write_phantom(out, **{**given, **changes})


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for kind in ("nifti", "dicom"):
        make(tmp_path / "a", kind=kind)
        make(tmp_path / "b", kind=kind)
        for first in (tmp_path / "a").rglob("*.*"):
            second = tmp_path / "b" / first.relative_to(tmp_path / "a")
            assert first.is_dir() or first.read_bytes() == second.read_bytes()
        for name in ("a", "b"):
            (tmp_path / name / "truth.json").unlink()


def test_both_formats_hold_the_same_values(tmp_path: Path) -> None:
    first = ct.read(make(tmp_path / "a", kind="nifti", side="right"))
    second = ct.read(make(tmp_path / "b", kind="dicom", side="right"))
    assert np.array_equal(first.hounsfield, second.hounsfield)
    assert first.affine == pytest.approx(second.affine, abs=1e-7)


def test_a_viewer_finds_what_it_needs(tmp_path: Path) -> None:
    folder = make(tmp_path, kind="dicom")
    files = sorted(folder.iterdir())
    slices = [pydicom.dcmread(file) for file in files]
    assert len({s.SOPInstanceUID for s in slices}) == len(files)
    assert len({s.SeriesInstanceUID for s in slices}) == 1
    assert {s.Modality for s in slices} == {"CT"}
    assert [s.InstanceNumber for s in slices] == list(range(1, len(files) + 1))
    assert slices[0].pixel_array.min() == 24
    heights = [float(s.ImagePositionPatient[2]) for s in slices]
    assert np.diff(heights) == pytest.approx(2.5)


def test_the_middle_section_has_the_area_of_the_shaft() -> None:
    volume = scan(Phantom(SHAFT, 0.07, "left", None), COARSE)
    k = volume.hounsfield.shape[2] // 2
    section = volume.hounsfield[:, :, k]
    i, j = np.indices(section.shape)
    x, y = (volume.affine[n, 3] + 2e-3 * index for n, index in ((0, i), (1, j)))
    near = np.hypot(x - 0.012, y + 0.030) < 0.0155
    cortex = ((section - 45) / (2000 - 45))[near].sum() * 4e-6
    ring, canal = np.pi / 4 * (0.024**2 - 0.012**2), np.pi / 4 * 0.012**2
    expected = ring - canal * (45 + 80) / (2000 - 45)
    assert cortex == pytest.approx(expected, rel=0.01)


def test_the_truth_tells_where_things_are(tmp_path: Path) -> None:
    gap = Gap.model_validate({"width": "5 mm", "tilt": "10 deg"})
    image = make(tmp_path, gap=gap, length=0.12, rise=0.01, lean=(0.1, 0.2), side="right")
    truth = json.loads((tmp_path / "truth.json").read_text())
    volume = ct.read(image)
    for place, low, high in (
        (truth["gap_centre"], 0, 100),
        (truth["bead"]["centre"], 800, 2100),
        (truth["ball"]["centre"], 190, 210),
    ):
        assert low < volume.sample(np.array([place]), -1000)[0] < high
    medial = truth["ball"]["centre"][0] - truth["gap_centre"][0]
    assert medial > 0, "on a right leg the ball points to the patient's left"
    assert truth["gap"]["width"] == "5 mm"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spacing": (1e-3, 1e-3, 9e-3)}, r"spacing must lie between 0\.1 and 4 mm"),
        ({"length": 5.0}, r"length of the phantom must lie between 60 and 600 mm"),
        ({"lean": (1.0, 0.0)}, r"lean must lie between -34 and 34 degrees"),
        (
            {"shaft": Shaft.model_validate({"outer_diameter": "1 m", "canal_diameter": "9 mm"})},
            r"--outer-diameter of the phantom must be at most 60 mm",
        ),
        ({"rise": 0.03}, r"the gap does not fit a shaft of 70 mm"),
        ({"gap": Gap.model_validate({"width": "40 mm"})}, r"the gap does not fit"),
        (
            {"shaft": Shaft.model_validate(
                {"outer_diameter": "20 mm", "canal_diameter": "19 mm", "roughness": 0.1})},
            r"roughness of 0\.1 would break the canal",
        ),
    ],
)  # fmt: skip
def test_a_phantom_that_makes_no_sense_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make(tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []


def test_files_that_exist_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text("mine")
    with pytest.raises(InputError, match=r"exists already"):
        make(tmp_path)
    assert (tmp_path / "truth.json").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be written"):
        make(tmp_path / "file" / "below")
