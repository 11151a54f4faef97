"""Scans that are no straight, complete CT: refused by the intake, with nothing written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from trephine.case.site import Shaft
from trephine.cli.main import main
from trephine.intake.phantom import write_phantom

Refused = Callable[[list[str], tuple[str, ...]], str]


@pytest.fixture(scope="session")
def scans_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a phantom as NIfTI and as DICOM."""
    folder = tmp_path_factory.mktemp("scans")
    shaft = Shaft.model_validate({"outer_diameter": "24 mm", "canal_diameter": "12 mm"})
    for kind in ("nifti", "dicom"):
        write_phantom(folder, shaft=shaft, kind=kind, length=0.16, spacing=(2e-3, 2e-3, 3e-3))
        (folder / "truth.json").unlink()
    return folder


def intake_of(scan: Path, here: Path, *options: str) -> list[str]:
    return [
        "intake", str(scan), "--bone", "femur", "--side", "left", "--gap", "4 mm",
        "--level", "0.5", "--nail", "9 mm", "--out", str(here / "cases"), *options,
    ]  # fmt: skip


def truncated(source: Path, here: Path) -> Path:
    content = (source / "ct.nii.gz").read_bytes()
    (here / "ct.nii.gz").write_bytes(content[: len(content) // 2])
    return here / "ct.nii.gz"


def sheared(source: Path, here: Path) -> Path:
    image = nibabel.load(source / "ct.nii.gz")
    affine = image.affine.copy()
    affine[0, 2] = 0.4
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), affine), here / "ct.nii.gz")
    return here / "ct.nii.gz"


def gapped(source: Path, here: Path) -> Path:
    shutil.copytree(source / "dicom", here / "dicom")
    slices = sorted((here / "dicom").iterdir())
    slices[len(slices) // 2].unlink()
    return here / "dicom"


def two_series(source: Path, here: Path) -> Path:
    shutil.copytree(source / "dicom", here / "dicom")
    for path in sorted((here / "dicom").iterdir())[::2]:
        item = pydicom.dcmread(path)
        item.SeriesInstanceUID = "1.2.3.4"
        item.save_as(path)
    return here / "dicom"


def not_rescaled(source: Path, here: Path) -> Path:
    image = nibabel.load(source / "ct.nii.gz")
    values = np.asarray(image.dataobj) + 1024
    nibabel.save(nibabel.Nifti1Image(values.astype(np.int16), image.affine), here / "ct.nii.gz")
    return here / "ct.nii.gz"


def of_another_kind(source: Path, here: Path) -> Path:
    del source
    (here / "ct.nii").write_text("this is no scan")
    return here / "ct.nii"


def empty_folder(source: Path, here: Path) -> Path:
    del source
    (here / "dicom").mkdir()
    return here / "dicom"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (truncated, ("ct.nii.gz",)),
        (sheared, ("shear",)),
        (gapped, ("slice",)),
        (two_series, ("series",)),
        (not_rescaled, ("no air near -1000 is in view", "rescale", "--without-air")),
        (of_another_kind, ("ct.nii",)),
        (empty_folder, ("dicom",)),
        (lambda source, here: here / "gone.nii", ("gone.nii: there is no such file",)),  # noqa: ARG005
    ],
    ids=[
        "truncated",
        "sheared",
        "gapped",
        "two series",
        "not rescaled",
        "no scan",
        "empty",
        "gone",
    ],
)
def test_a_bad_scan_is_refused(
    spoil: Callable[[Path, Path], Path],
    told: tuple[str, ...],
    scans_made: Path,
    tmp_path: Path,
    refused: Refused,
) -> None:
    refused(intake_of(spoil(scans_made, tmp_path), tmp_path), told)
    assert not (tmp_path / "cases").exists()


@pytest.mark.usefixtures("untouched")
def test_a_scan_that_was_changed_after_intake_is_refused(
    scans_made: Path, tmp_path: Path, refused: Refused
) -> None:
    assert main(intake_of(scans_made / "ct.nii.gz", tmp_path)) == 0
    (case,) = (tmp_path / "cases").glob("*.toml")
    (density,) = (tmp_path / "cases").glob("*density*")
    run = ["run", str(case), "--quiet", "--out", str(tmp_path / "new")]
    image = nibabel.load(density)
    values = np.asarray(image.dataobj).copy()
    values[0, 0, 0] += 1
    nibabel.save(nibabel.Nifti1Image(values, image.affine), density)
    refused(run, ("site.scan", "was changed since the intake", "run the intake again"))
    density.unlink()
    refused(run, (density.name,))
    assert not (tmp_path / "new").exists()
