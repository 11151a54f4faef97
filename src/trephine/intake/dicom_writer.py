"""Owns writing a scan as a DICOM series of axial CT slices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from trephine.core import digest
from trephine.intake.volume import Volume

INTERCEPT = -1024
"""Value of a stored zero, as most scanners write it [HU]."""


def write(folder: Path, volume: Volume) -> None:
    """Write a scan as one CT series of a person called Phantom, one file a slice.

    Identifiers follow from the content, so the same scan gives the same files. Values are
    stored unsigned with slope 1 and intercept -1024.

    Parameters
    ----------
    folder
        Made by the call.
    volume
        CT numbers (x, y, z) [HU], whole numbers from -1024 to 64511, on straight axes.
    """
    folder.mkdir(parents=True)
    content = digest.of_arrays({"values": volume.hounsfield, "affine": volume.affine})
    place = volume.affine * 1e3
    across, down, _ = (place[:3, i] / np.linalg.norm(place[:3, i]) for i in range(3))
    edges = volume.spacing * 1e3
    stored = (volume.hounsfield - INTERCEPT).astype(np.uint16)
    for k in range(stored.shape[2]):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[content, "slice", str(k)])
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.ImplementationClassUID = generate_uid(entropy_srcs=["trephine"])
        item = Dataset()
        item.file_meta = meta
        item.SOPClassUID = CTImageStorage
        item.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
        item.StudyInstanceUID = generate_uid(entropy_srcs=[content, "study"])
        item.SeriesInstanceUID = generate_uid(entropy_srcs=[content, "series"])
        item.FrameOfReferenceUID = generate_uid(entropy_srcs=[content, "frame"])
        item.PatientName, item.PatientID = "Phantom^Trephine", "PHANTOM"
        item.PatientBirthDate, item.PatientSex = "", ""
        item.StudyDate, item.StudyTime, item.StudyID = "", "", ""
        item.AccessionNumber, item.ReferringPhysicianName = "", ""
        item.Modality, item.Manufacturer, item.PositionReferenceIndicator = "CT", "trephine", ""
        item.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
        item.SeriesNumber, item.InstanceNumber = 1, k + 1
        item.ImagePositionPatient = [_text(v) for v in place[:3, 3] + k * place[:3, 2]]
        item.ImageOrientationPatient = [_text(v) for v in (*across, *down)]
        item.PixelSpacing = [_text(edges[1]), _text(edges[0])]
        item.SliceThickness = _text(edges[2])
        item.KVP = ""
        item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
        item.Rows, item.Columns = stored.shape[1], stored.shape[0]
        item.BitsAllocated, item.BitsStored, item.HighBit = 16, 16, 15
        item.PixelRepresentation = 0
        item.RescaleSlope, item.RescaleIntercept = "1", str(INTERCEPT)
        item.RescaleType = "HU"
        item.PixelData = np.ascontiguousarray(stored[:, :, k].T).astype("<u2").tobytes()
        item.save_as(folder / f"slice{k + 1:04d}.dcm", enforce_file_format=True)


def _text(value: float) -> str:
    """Return a number as DICOM writes decimals, at most 16 characters."""
    return f"{float(value):.9g}"[:16]
