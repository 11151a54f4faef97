"""Owns reading a CT: a NIfTI file, a folder of DICOM slices or a zip of them becomes a Volume."""

from __future__ import annotations

from pathlib import Path

from trephine.core.errors import InputError
from trephine.intake import dicom, nifti
from trephine.intake.gate import admit
from trephine.intake.parameters import IntakeParameters, parameters
from trephine.intake.volume import Volume

ACCEPTED = "a NIfTI file (.nii, .nii.gz), a folder of DICOM slices, or a .zip of one"


def read(
    path: str | Path, *, without_air: bool = False, p: IntakeParameters | None = None
) -> Volume:
    """Return a CT as Hounsfield units in LPS order, or refuse it.

    Names, identifiers and dates of the file are not read and go nowhere.

    Parameters
    ----------
    path
        A NIfTI file, a folder of DICOM slices of one series, or a zip of such a folder.
    without_air
        Whether the person vouches that the field of view holds no air.
    p
        Bounds of the import gate; those of the catalogue where not given.

    Returns
    -------
    Volume
        CT numbers (x, y, z) [HU], affine to LPS [m] and notices.

    Raises
    ------
    InputError
        If the scan is missing, unreadable, truncated, not one straight and complete CT series
        in Hounsfield units; the message names the fault, the numbers and the mend.
    """
    path = Path(path)
    bounds = p or parameters()
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder; give {ACCEPTED}")
    if path.is_dir():
        raw = dicom.read_folder(path, bounds)
    elif path.name.lower().endswith(".zip"):
        raw = dicom.read_zip(path, bounds)
    elif path.name.lower().endswith((".nii", ".nii.gz")):
        raw = nifti.read(path)
    else:
        raise InputError(f"{path.name}: not a kind of file that can be read; give {ACCEPTED}")
    return admit(raw, path.name, bounds, without_air=without_air)
