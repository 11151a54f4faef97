"""A run leaves the program: formats wanted, folders, NIfTI with units, axes and time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from trephine.case.run import Run
from trephine.cli.main import main

Keep = Callable[[Path], Run]


def test_each_format_gets_its_folder(
    keep_run: Keep, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_run(tmp_path / "run")
    assert main(["export", str(tmp_path / "run"), "--vtk", "--csv", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "vtk"), str(tmp_path / "csv")]
    assert (tmp_path / "vtk" / "course.pvd").exists()
    assert (tmp_path / "csv" / "dose.csv").exists()
    assert main(["export", str(tmp_path / "run"), "--csv", "--out", str(tmp_path)]) == 2
    assert "csv exists already; remove it" in capsys.readouterr().err
    assert main(["export", str(tmp_path / "run")]) == 2
    assert "say what to write: --vtk, --nifti or --csv" in capsys.readouterr().err


def test_nifti_holds_the_fields_on_their_axes(keep_run: Keep, tmp_path: Path) -> None:
    run = keep_run(tmp_path / "run")
    assert main(["export", str(tmp_path / "run"), "--nifti"]) == 0
    folder = tmp_path / "run" / "export" / "nifti"
    image = nibabel.load(folder / "woven.nii.gz")
    assert image.shape == (4, 5, 6, 5)
    assert image.get_data_dtype() == np.float32
    np.testing.assert_array_equal(
        np.asarray(image.dataobj), np.moveaxis(run.course.fields["woven"], 0, -1)
    )
    assert image.header.get_zooms() == pytest.approx((1.5, 1.5, 1.5, 7 * 86400))
    assert image.header.get_xyzt_units() == ("mm", "sec")
    # LPS inside, RAS in the file: voxel (0, 0, 0) lies to the right, in front and at the foot.
    np.testing.assert_allclose(image.affine @ [0, 0, 0, 1], [2.25, 3.0, -3.75, 1.0])
    assert nibabel.aff2axcodes(image.affine) == ("L", "P", "S")
    bone = nibabel.load(folder / "anatomy_bone.nii.gz")
    np.testing.assert_allclose(np.asarray(bone.dataobj), run.anatomy.bone, rtol=1e-6)
    said = json.loads((folder / "units.json").read_text())
    assert said["units"]["woven"] == "1"
    assert said["units"]["anatomy_hounsfield"] == "HU"
    assert said["days"] == [0.0, 7.0, 14.0, 21.0, 28.0]
