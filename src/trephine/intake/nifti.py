"""Owns NIfTI: a file becomes values and an affine in LPS metres, and back."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from trephine.core.errors import InputError
from trephine.intake.raw import Array, Raw, plain

TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
METRES = {"unknown": 1e-3, "mm": 1e-3, "meter": 1.0, "micron": 1e-6}
UNREADABLE = (ImageFileError, HeaderDataError, OSError, EOFError, ValueError, zlib.error, KeyError)


def read(path: Path) -> Raw:
    """Return values (any order of axes) and affine to LPS metres of a NIfTI file.

    Names and free text of the header are not read.

    Raises
    ------
    InputError
        If the file is missing, truncated, not NIfTI, not three-dimensional or does not say how
        it lies in the patient.
    """
    try:
        image: Any = nibabel.load(path)
        shape = tuple(int(n) for n in image.shape)
    except UNREADABLE as error:
        raise InputError(f"{path.name}: cannot be read as NIfTI ({plain(error)})") from None
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3:
        raise InputError(
            f"{path.name}: holds {' x '.join(map(str, shape))} values in {len(shape)} dimensions, "
            "not one volume in three; export one phase or one time point"
        )
    if min(shape) < 2:
        raise InputError(
            f"{path.name}: {' x '.join(map(str, shape))} voxels are no volume; export all slices"
        )
    kind = np.dtype(image.get_data_dtype())
    if kind.kind not in "iuf":
        raise InputError(
            f"{path.name}: a voxel holds a colour or a complex number, not one CT number; "
            "convert again from DICOM"
        )
    affine = _affine(image, path.name)
    try:
        values = np.asarray(image.get_fdata(dtype=np.float32)).reshape(shape)
    except UNREADABLE as error:
        raise InputError(
            f"{path.name}: the file is cut short or damaged ({plain(error)}); copy it again"
        ) from None
    return Raw(values, affine, f"NIfTI, {' x '.join(map(str, shape))} voxels")


def _affine(image: Any, name: str) -> Array:  # noqa: ANN401  (nibabel is untyped)
    """Return the affine to LPS metres, refusing an absent or contradictory one."""
    header = image.header
    forms = [
        form
        for form, code in (
            (image.get_sform, int(header.get("sform_code", 0))),
            (image.get_qform, int(header.get("qform_code", 0))),
        )
        if code > 0
    ]
    if not forms:
        raise InputError(
            f"{name}: the header does not say how the image lies in the patient "
            "(sform_code and qform_code are 0); convert again from DICOM"
        )
    affines = [np.asarray(form(), dtype=np.float64) for form in forms]
    if not all(np.isfinite(a).all() and abs(np.linalg.det(a[:3, :3])) > 0 for a in affines):
        raise InputError(f"{name}: the header's orientation is not a set of three axes")
    reach = np.array([*image.shape[:3], 1.0])
    apart = np.abs(affines[0] @ reach - affines[-1] @ reach)[:3].max()
    if apart > 0.5 * np.linalg.norm(affines[0][:3, :3], axis=0).min():
        raise InputError(
            f"{name}: the two orientations of the header (sform, qform) disagree by "
            f"{apart:.3g} mm; convert again from DICOM"
        )
    unit = str(header.get_xyzt_units()[0])
    if unit not in METRES:
        raise InputError(f"{name}: the unit of length '{unit}' is unknown; mm is usual")
    scale = np.diag([METRES[unit]] * 3 + [1.0])
    affine: Array = scale @ TO_LPS @ affines[0]
    return affine


def write(
    path: Path, values: NDArray[Any], affine_ras_mm: Array, *, time_step: float | None = None
) -> None:
    """Write values on a grid as NIfTI, in mm, the same bytes for the same values.

    Parameters
    ----------
    path
        The file, ``.nii`` or ``.nii.gz``.
    values
        Values at voxel centres, (x, y, z), or (x, y, z, time) where ``time_step`` is given.
    affine_ras_mm
        From voxel index to RAS, (4, 4) [mm].
    time_step
        Time between two snapshots [s].
    """
    image = nibabel.Nifti1Image(values, affine_ras_mm)
    image.header.set_xyzt_units("mm", None if time_step is None else "sec")
    if time_step is not None:
        image.header.set_zooms((*image.header.get_zooms()[:3], time_step))
    image.set_sform(affine_ras_mm, code=1)
    image.set_qform(affine_ras_mm, code=1)
    nibabel.save(image, path)
