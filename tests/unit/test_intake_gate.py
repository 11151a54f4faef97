"""The import gate: one clear refusal for each kind of bad scan."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEGLosslessSV1, generate_uid

from trephine.core.errors import InputError
from trephine.intake import ct, dicom_writer
from trephine.intake.volume import Volume

SHAPE = (12, 14, 10)
EDGES = (1.0, 1.5, 2.0)


def scene() -> np.ndarray:
    """Air with a block of soft tissue and a bit of bone, no two axes alike."""
    values = np.full(SHAPE, -1000.0, dtype=np.float32)
    values[2:9, 3:12, 1:9] = 45
    values[3:6, 4:6, 2:5] = 1200
    return values


def lps_affine() -> np.ndarray:
    affine = np.diag([*EDGES, 1.0])
    affine[:3, 3] = (5.0, -20.0, 300.0)
    return affine


def nifti(folder: Path, values: np.ndarray | None = None, affine: np.ndarray | None = None) -> Path:
    path = folder / "scan.nii.gz"
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ (lps_affine() if affine is None else affine)
    image = nibabel.Nifti1Image(scene() if values is None else values, ras)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
    return path


def series(folder: Path) -> Path:
    affine = lps_affine()
    affine[:3] *= 1e-3
    dicom_writer.write(folder / "series", Volume(scene(), affine, "test"))
    return folder / "series"


def changed(folder: Path, change: Callable[[Any, int], None], only: int | None = None) -> Path:
    """A series with its slices changed, all or one."""
    path = series(folder)
    for k, file in enumerate(sorted(path.iterdir())):
        if only is None or k == only:
            data = pydicom.dcmread(file)
            change(data, k)
            data.save_as(file)
    return path


# -- what is let in


def test_nifti_and_dicom_of_one_scan_read_the_same(tmp_path: Path) -> None:
    first, second = ct.read(nifti(tmp_path)), ct.read(series(tmp_path))
    assert np.array_equal(first.hounsfield, scene())
    assert np.array_equal(second.hounsfield, scene())
    assert first.affine == pytest.approx(second.affine, abs=1e-9)
    assert first.spacing * 1e3 == pytest.approx(EDGES)
    assert first.notices == second.notices == ()


def test_a_zip_reads_like_its_folder(tmp_path: Path) -> None:
    folder = series(tmp_path)
    (folder / "README.txt").write_text("not a slice")
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", folder))
    assert np.array_equal(ct.read(packed).hounsfield, ct.read(folder).hounsfield)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(), (0,), (1, 2)])
def test_any_order_of_storage_reads_as_lps(
    tmp_path: Path, order: tuple[int, int, int], flips: tuple[int, ...]
) -> None:
    stored, affine = scene().transpose(order), lps_affine()[:, [*order, 3]]
    for axis in flips:
        affine[:3, 3] += (stored.shape[axis] - 1) * affine[:3, axis]
        affine[:3, axis] *= -1
        stored = np.flip(stored, axis)
    volume = ct.read(nifti(tmp_path, stored, affine))
    assert np.array_equal(volume.hounsfield, scene())
    assert volume.affine * 1e3 == pytest.approx(np.vstack([lps_affine()[:3], [0, 0, 0, 1e3]]))


def test_a_rotated_scan_keeps_its_direction(tmp_path: Path) -> None:
    turn = np.array([[0.8, -0.6, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    volume = ct.read(nifti(tmp_path, affine=turn @ lps_affine()))
    assert volume.affine[:3, 0] == pytest.approx([0.8e-3, 0.6e-3, 0.0])
    assert np.array_equal(volume.hounsfield, scene())


def test_slices_are_sorted_by_place_not_by_name(tmp_path: Path) -> None:
    folder = series(tmp_path)
    for k, file in enumerate(sorted(folder.iterdir())):
        file.rename(folder / f"{(k * 7) % 10}.bin")
    assert np.array_equal(ct.read(folder).hounsfield, scene())


def test_padding_below_air_is_read_as_air_and_said(tmp_path: Path) -> None:
    values = scene()
    values[:, :, 0] = -3024
    volume = ct.read(nifti(tmp_path, values))
    assert volume.hounsfield.min() == -1000
    assert "10 % of the voxels lie below air" in volume.notices[0]


def test_absent_air_is_taken_on_the_users_word(tmp_path: Path) -> None:
    path = nifti(tmp_path, np.maximum(scene(), 20))
    with pytest.raises(InputError, match=r"no air near -1000 is in view"):
        ct.read(path)
    assert "rests on the user's word" in ct.read(path, without_air=True).notices[0]


def test_no_name_is_carried_over(tmp_path: Path) -> None:
    def name(data: Any, _: int) -> None:
        data.PatientName, data.PatientID, data.PatientBirthDate = "Doe^Jane", "ID4711", "19700102"
        data.InstitutionName, data.SeriesDescription = "Hospital Doe", "Jane Doe femur"

    volume = ct.read(changed(tmp_path, name))
    told = repr((volume.source, volume.notices, vars(volume).keys()))
    assert not any(word in told for word in ("Doe", "4711", "1970"))


# -- what is refused: NIfTI


def sheared(folder: Path) -> Path:
    affine = lps_affine()
    affine[1, 2] = 0.2
    return nifti(folder, affine=affine)


def truncated_gz(folder: Path) -> Path:
    rng = np.random.Generator(np.random.Philox(3))
    path = nifti(folder, scene() + rng.integers(-20, 20, SHAPE))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def truncated_plain(folder: Path) -> Path:
    path = folder / "scan.nii"
    nibabel.save(nibabel.load(nifti(folder)), path)
    path.write_bytes(path.read_bytes()[:-4000])
    return path


def no_orientation(folder: Path) -> Path:
    image = nibabel.Nifti1Image(scene(), None)
    image.set_sform(None, code=0)
    image.set_qform(None, code=0)
    nibabel.save(image, folder / "scan.nii")
    return folder / "scan.nii"


def two_orientations(folder: Path) -> Path:
    image = nibabel.Nifti1Image(scene(), np.diag([1.0, 1.5, 2.0, 1.0]))
    image.set_sform(np.diag([1.0, 1.5, 2.0, 1.0]), code=1)
    image.set_qform(np.diag([-1.0, 1.5, 2.0, 1.0]), code=1)
    nibabel.save(image, folder / "scan.nii")
    return folder / "scan.nii"


def not_finite(folder: Path) -> Path:
    values = scene()
    values[3, 3, 3] = np.nan
    return nifti(folder, values)


def coloured(folder: Path) -> Path:
    values = np.zeros(SHAPE, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.0, 1.5, 2.0, 1.0])), folder / "scan.nii")
    return folder / "scan.nii"


def unreal(folder: Path) -> Path:
    values = scene().astype(np.complex64)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.0, 1.5, 2.0, 1.0])), folder / "scan.nii")
    return folder / "scan.nii"


def text(folder: Path) -> Path:
    (folder / "scan.nii").write_text("this is no image")
    return folder / "scan.nii"


def other_kind(folder: Path) -> Path:
    (folder / "scan.mha").write_text("")
    return folder / "scan.mha"


BAD_NIFTI = [
    (sheared, r"depart from right angles by 5\.\d degrees \(shear or gantry tilt\).*resample"),
    (truncated_gz, r"cut short or damaged.*copy it again"),
    (truncated_plain, r"cut short or damaged.*copy it again"),
    (lambda f: nifti(f, np.stack([scene()] * 3, -1)), r"12 x 14 x 10 x 3 values in 4 dimensions"),
    (lambda f: nifti(f, scene()[:, :, :1]), r"are no volume; export all slices"),
    (no_orientation, r"does not say how the image lies in the patient"),
    (two_orientations, r"two orientations of the header \(sform, qform\) disagree by 2\d mm"),
    (not_finite, r"1 of 1680 values are not finite"),
    (coloured, r"holds a colour or a complex number, not one CT number"),
    (unreal, r"holds a colour or a complex number, not one CT number"),
    (text, r"cannot be read as NIfTI"),
    (other_kind, r"not a kind of file that can be read; give a NIfTI"),
    (lambda f: f / "nothing.nii", r"there is no such file or folder"),
    (lambda f: nifti(f, scene() + 1024), r"values run from 24 to 2224 and no air.*rescale"),
    (lambda f: nifti(f, scene() + 300), r"air reads -700 and should read -1000 within 100"),
    (lambda f: nifti(f, affine=np.diag([1, 1, 9.0, 1])), r"1 x 1 x 9 mm are too coarse"),
]


@pytest.mark.parametrize(("make", "message"), BAD_NIFTI)
def test_bad_nifti_is_refused(tmp_path: Path, make: Callable[[Path], Path], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        ct.read(make(tmp_path))
    assert "\n" not in str(caught.value)


# -- what is refused: DICOM


def setting(**tags: object) -> Callable[[Any, int], None]:
    def change(data: Any, _: int) -> None:
        for tag, value in tags.items():
            setattr(data, tag, value)

    return change


def deleting(tag: str) -> Callable[[Any, int], None]:
    return lambda data, _: delattr(data, tag)


def leaning(data: Any, k: int) -> None:
    x, y, z = (float(v) for v in data.ImagePositionPatient)
    data.ImagePositionPatient = [x, y + 0.3 * k, z]


def stretched(data: Any, k: int) -> None:
    x, y, z = (float(v) for v in data.ImagePositionPatient)
    data.ImagePositionPatient = [x, y, z + 0.02 * k * k]


def wandering(data: Any, k: int) -> None:
    x, y, z = (float(v) for v in data.ImagePositionPatient)
    data.ImagePositionPatient = [x + (0.4 if k == 4 else 0.0), y, z]


def astray(data: Any, k: int) -> None:
    if k == 4:
        with pydicom.config.disable_value_validation():
            place = ["nan", *data.ImagePositionPatient[1:]]
            data["ImagePositionPatient"] = pydicom.DataElement("ImagePositionPatient", "DS", place)


def compressed(data: Any, _: int) -> None:
    data.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    data.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"])
    data["PixelData"].is_undefined_length = True


def shorter(data: Any, _: int) -> None:
    data.PixelData = data.PixelData[: len(data.PixelData) // 2]


def missing(folder: Path) -> Path:
    path = series(folder)
    sorted(path.iterdir())[4].unlink()
    return path


def twice(folder: Path) -> Path:
    path = series(folder)
    shutil.copy(sorted(path.iterdir())[4], path / "copy.dcm")
    return path


def two_series(folder: Path) -> Path:
    path = series(folder)
    for file in sorted(path.iterdir())[:3]:
        data = pydicom.dcmread(file)
        data.SeriesInstanceUID = generate_uid(entropy_srcs=["another"])
        data.SOPInstanceUID = generate_uid(entropy_srcs=["another", file.name])
        data.save_as(path / f"other_{file.name}")
    return path


def empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def single(folder: Path) -> Path:
    path = series(folder)
    for file in sorted(path.iterdir())[1:]:
        file.unlink()
    return path


def cut_file(folder: Path) -> Path:
    path = series(folder)
    file = sorted(path.iterdir())[2]
    file.write_bytes(file.read_bytes()[:-100])
    return path


def cut_zip(folder: Path) -> Path:
    packed = Path(shutil.make_archive(str(folder / "packed"), "zip", series(folder)))
    packed.write_bytes(packed.read_bytes()[:-500])
    return packed


def damaged_zip(folder: Path) -> Path:
    path = series(folder)
    with zipfile.ZipFile(folder / "packed.zip", "w") as archive:
        for file in sorted(path.iterdir()):
            archive.write(file, file.name)
    data = bytearray((folder / "packed.zip").read_bytes())
    data[500] ^= 0xFF
    (folder / "packed.zip").write_bytes(bytes(data))
    return folder / "packed.zip"


BAD_DICOM = [
    (lambda f: changed(f, leaning), r"right angles by 8\.5 degrees"),
    (lambda f: changed(f, setting(GantryDetectorTilt="12")), r"gantry tilted by 12 degrees"),
    (lambda f: changed(f, stretched), r"distance of slices varies from 2\.02 to 2\.34 mm"),
    (lambda f: changed(f, wandering), r"slices lie up to 0\.4 mm beside a straight line"),
    (lambda f: changed(f, astray), r"has ImagePositionPatient \[nan, .*which cannot be"),
    (lambda f: changed(f, setting(PixelSpacing=[-1, -1])), r"has PixelSpacing .*which cannot be"),
    (lambda f: changed(f, setting(PixelSpacing=[0, 0])), r"has PixelSpacing .*which cannot be"),
    (lambda f: changed(f, setting(RescaleSlope=[1, 2])), r"has RescaleSlope .*which cannot be"),
    (lambda f: changed(f, setting(RescaleSlope=0)), r"has RescaleSlope .*which cannot be"),
    (missing, r"1 slice is missing between 306\.00 and 310\.00 mm \(slices are 2 mm apart\)"),
    (twice, r"lie at the same place \(308\.00 mm\); remove one"),
    (two_series, r"holds 2 series \(10 and 3 slices\); give a folder with exactly one"),
    (empty, r"no DICOM slice is in it"),
    (single, r"one slice is no volume"),
    (lambda f: changed(f, setting(Modality="MR")), r"modality MR, not CT"),
    (lambda f: changed(f, deleting("RescaleIntercept"), 3), r"lacks rescale slope and intercept"),
    (lambda f: changed(f, setting(RescaleIntercept="0")), r"values run from 24 to 2224"),
    (lambda f: changed(f, deleting("ImagePositionPatient"), 3), r"lacks ImagePositionPatient"),
    (lambda f: changed(f, deleting("PixelSpacing")), r"lacks PixelSpacing"),
    (lambda f: changed(f, setting(Rows=7), 5), r"slice0006\.dcm has Rows 7 and"),
    (lambda f: changed(f, setting(ImageOrientationPatient=[0, 1, 0, 0, 0, -1]), 5), r"direction"),
    (lambda f: changed(f, setting(ImageOrientationPatient=[1, 0, 0, 1, 0, 0])), r"perpendicular"),
    (lambda f: changed(f, setting(NumberOfFrames=4)), r"holds 4 frames in one file"),
    (lambda f: changed(f, shorter, 5), r"pixels of slice0006\.dcm are cut short or damaged"),
    (cut_file, r"slice0003\.dcm are cut short or damaged"),
    (cut_zip, r"zip file is cut short or damaged"),
    (damaged_zip, r"damaged"),
]


@pytest.mark.parametrize(("make", "message"), BAD_DICOM)
def test_bad_dicom_is_refused(tmp_path: Path, make: Callable[[Path], Path], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        ct.read(make(tmp_path))
    assert "\n" not in str(caught.value)


def test_an_archive_compression_names_the_extra_that_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Absent:
        is_available = False

    monkeypatch.setattr("trephine.intake.dicom.get_decoder", lambda _: Absent())
    with pytest.raises(InputError, match=r"compressed as JPEG Lossless.*'trephine\[dicom\]'"):
        ct.read(changed(tmp_path, compressed))
