"""Owns DICOM: the slices of one CT series become values and an affine in LPS metres."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.pixels import get_decoder

from trephine.core.errors import InputError
from trephine.intake.parameters import IntakeParameters
from trephine.intake.raw import Array, Raw, plain

Opener = Callable[[], BinaryIO]

NEEDED = (
    "SOPInstanceUID", "SeriesInstanceUID", "Modality", "ImageOrientationPatient",
    "ImagePositionPatient", "PixelSpacing", "Rows", "Columns", "RescaleSlope",
    "RescaleIntercept", "NumberOfFrames", "GantryDetectorTilt", "PixelPaddingValue",
    "SamplesPerPixel", "TransferSyntaxUID",
)  # fmt: skip
"""All that is taken from a slice beside its pixels; nothing in it names a person."""


@dataclass(frozen=True)
class Slice:
    """One slice without its pixels: where it lies and how it is opened."""

    name: str
    open: Opener
    tags: dict[str, Any]
    position: Array
    orientation: Array


def read_folder(path: Path, p: IntakeParameters) -> Raw:
    """Return the one CT series that a folder, with its subfolders, holds."""
    files = sorted(file for file in path.rglob("*") if file.is_file())

    def entries() -> Iterator[tuple[str, Opener]]:
        for file in files:
            yield file.name, lambda file=file: file.open("rb")  # type: ignore[misc]

    return _read(entries(), path.name, p)


def read_zip(path: Path, p: IntakeParameters) -> Raw:
    """Return the one CT series that a zip file holds."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(info.filename for info in archive.infolist() if not info.is_dir())

            def entries() -> Iterator[tuple[str, Opener]]:
                for name in names:
                    yield Path(name).name, lambda name=name: io.BytesIO(archive.read(name))  # type: ignore[misc]

            return _read(entries(), path.name, p)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise InputError(
            f"{path.name}: the zip file is cut short or damaged ({plain(error)}); copy it again"
        ) from None


def _read(entries: Iterable[tuple[str, Opener]], name: str, p: IntakeParameters) -> Raw:
    slices = [found for label, opener in entries if (found := _header(label, opener, name))]
    if not slices:
        raise InputError(f"{name}: no DICOM slice is in it; give the folder that holds the slices")
    _one_series(slices, name)
    _same_frame(slices, name)
    ordered, step = _stack(slices, name, p)
    _decodable(ordered, name)
    first = ordered[0]
    rows, columns = int(first.tags["Rows"]), int(first.tags["Columns"])
    values = np.empty((columns, rows, len(ordered)), dtype=np.float32)
    for k, item in enumerate(ordered):
        values[:, :, k] = _hounsfield(item, name).T
    down, across = (float(edge) for edge in first.tags["PixelSpacing"])
    affine = np.eye(4)
    affine[:3, 0] = first.orientation[0] * across * 1e-3
    affine[:3, 1] = first.orientation[1] * down * 1e-3
    affine[:3, 2] = step * 1e-3
    affine[:3, 3] = first.position * 1e-3
    shape = f"{columns} x {rows} x {len(ordered)}"
    return Raw(values, affine, f"DICOM series, {shape} voxels")


def _header(label: str, opener: Opener, name: str) -> Slice | None:
    """Return the header of a slice; None for a file that is no DICOM image."""
    try:
        with opener() as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(stream, stop_before_pixels=True)
            tags = {tag: data.get(tag) for tag in NEEDED}
            tags["TransferSyntaxUID"] = data.file_meta.get("TransferSyntaxUID")
    except InvalidDicomError:
        return None
    except Exception as error:  # noqa: BLE001  (a damaged file may raise anything)
        raise InputError(
            f"{name}: {label} is cut short or damaged ({plain(error)}); copy it again"
        ) from None
    if tags["Modality"] is None and tags["Rows"] is None:
        return None
    if tags["Modality"] != "CT":
        raise InputError(
            f"{name}: {label} has modality {tags['Modality'] or 'none'}, not CT; "
            "give a folder with one CT series and nothing else"
        )
    _has_what_is_needed(tags, label, name)
    cosines = np.array([float(c) for c in tags["ImageOrientationPatient"]]).reshape(2, 3)
    place = np.array([float(c) for c in tags["ImagePositionPatient"]])
    return Slice(label, opener, tags, place, cosines)


def _has_what_is_needed(tags: dict[str, Any], label: str, name: str) -> None:
    if int(tags["NumberOfFrames"] or 1) > 1:
        raise InputError(
            f"{name}: {label} holds {tags['NumberOfFrames']} frames in one file; "
            "export the series as one file a slice"
        )
    if tags["RescaleSlope"] is None or tags["RescaleIntercept"] is None:
        raise InputError(
            f"{name}: {label} lacks rescale slope and intercept, so its values are not "
            "Hounsfield units; export the original series"
        )
    for tag, length in (("ImageOrientationPatient", 6), ("ImagePositionPatient", 3),
                        ("PixelSpacing", 2), ("Rows", 0), ("Columns", 0)):  # fmt: skip
        value = tags[tag]
        if value is None or (length and len(value) != length):
            raise InputError(
                f"{name}: {label} lacks {tag}, so it cannot be placed in the patient; "
                "export the original axial series"
            )
    _are_numbers(tags, label, name)
    tilt = float(tags["GantryDetectorTilt"] or 0.0)
    if abs(tilt) > 0.1:
        raise InputError(
            f"{name}: {label} was taken with the gantry tilted by {tilt:g} degrees; "
            "resample the scan to a straight stack first"
        )


def _are_numbers(tags: dict[str, Any], label: str, name: str) -> None:
    """Refuse tags that place or scale a slice and are no finite number, or no possible one."""
    for tag in ("ImageOrientationPatient", "ImagePositionPatient", "PixelSpacing", "RescaleSlope",
                "RescaleIntercept"):  # fmt: skip
        try:
            numbers = np.array(tags[tag], dtype=np.float64)
        except (TypeError, ValueError):
            numbers = np.array(np.nan)
        is_scale = tag.startswith("Rescale")
        is_wrong = not np.isfinite(numbers).all() or (is_scale and numbers.ndim != 0)
        if tag in {"PixelSpacing", "RescaleSlope"}:
            is_wrong = is_wrong or bool((numbers <= 0).any())
        if is_wrong:
            raise InputError(
                f"{name}: {label} has {tag} {tags[tag]}, which cannot be; "
                "export the original axial series"
            )


def _one_series(slices: list[Slice], name: str) -> None:
    series = Counter(str(item.tags["SeriesInstanceUID"]) for item in slices)
    if len(series) > 1:
        sizes = " and ".join(str(count) for count in sorted(series.values(), reverse=True))
        raise InputError(
            f"{name}: holds {len(series)} series ({sizes} slices); give a folder with exactly one"
        )


def _same_frame(slices: list[Slice], name: str) -> None:
    """Refuse slices that differ in size, spacing or direction."""
    first = slices[0]
    for item in slices[1:]:
        for tag in ("Rows", "Columns", "PixelSpacing"):
            if item.tags[tag] != first.tags[tag]:
                raise InputError(
                    f"{name}: {item.name} has {tag} {item.tags[tag]} and {first.name} "
                    f"{first.tags[tag]}; remove scout views, give one series of equal slices"
                )
        if np.abs(item.orientation - first.orientation).max() > 1e-3:
            raise InputError(
                f"{name}: {item.name} lies in another direction than {first.name}; "
                "remove scout views, give one series of parallel slices"
            )
    across, down = first.orientation
    lengths = np.linalg.norm(first.orientation, axis=1)
    if np.abs(lengths - 1.0).max() > 1e-3 or abs(float(across @ down)) > 1e-3:
        raise InputError(
            f"{name}: ImageOrientationPatient {first.orientation.ravel().tolist()} is no pair of "
            "perpendicular directions; export the original axial series"
        )


def _stack(slices: list[Slice], name: str, p: IntakeParameters) -> tuple[list[Slice], Array]:
    """Return the slices in order and the step from one to the next, (3,) [mm]."""
    if len(slices) < 2:
        raise InputError(f"{name}: one slice is no volume; give the whole series")
    normal = np.cross(*slices[0].orientation)
    ordered = sorted(slices, key=lambda item: float(normal @ item.position))
    heights = np.array([float(normal @ item.position) for item in ordered])
    steps = np.diff(heights)
    usual = float(np.median(steps))
    if steps.min() < 0.01:
        k = int(np.argmin(steps))
        raise InputError(
            f"{name}: {ordered[k].name} and {ordered[k + 1].name} lie at the same place "
            f"({heights[k]:.2f} mm); remove one of them"
        )
    off = np.abs(steps - usual)
    k = int(np.argmax(off))
    if off[k] > p.spacing_tolerance * usual:
        between = f"between {heights[k]:.2f} and {heights[k + 1]:.2f} mm"
        times = steps[k] / usual
        if times > 1.5 and abs(times - round(times)) < 0.1:
            missing = round(times) - 1
            what = "slice is" if missing == 1 else "slices are"
            raise InputError(
                f"{name}: {missing} {what} missing {between} (slices are {usual:.3g} mm apart); "
                "copy the whole series"
            )
        raise InputError(
            f"{name}: the distance of slices varies from {steps.min():.4g} to {steps.max():.4g} mm "
            f"({between} it is {steps[k]:.4g}, elsewhere {usual:.4g}); "
            "resample the scan to equal distances first"
        )
    step = (ordered[-1].position - ordered[0].position) / (len(ordered) - 1)
    stray = max(
        float(np.linalg.norm(item.position - ordered[0].position - j * step))
        for j, item in enumerate(ordered)
    )
    if stray > max(p.spacing_tolerance * usual, 0.01) * 2:
        raise InputError(
            f"{name}: slices lie up to {stray:.3g} mm beside a straight line; "
            "export the original series"
        )
    return ordered, step


def _decodable(slices: list[Slice], name: str) -> None:
    """Refuse a compression that no installed decoder undoes, naming what would."""
    for syntax in {item.tags["TransferSyntaxUID"] for item in slices}:
        if syntax is None:
            raise InputError(f"{name}: the transfer syntax is not stated; export the series again")
        if not syntax.is_compressed:
            continue
        try:
            able = bool(get_decoder(syntax).is_available)
        except NotImplementedError:
            able = False
        if not able:
            raise InputError(
                f"{name}: the pixels are compressed as {syntax.name}, which needs a decoder that "
                "is not installed; pip install 'trephine[dicom]', or export uncompressed"
            )


def _hounsfield(item: Slice, name: str) -> Array:
    """Return the CT numbers of a slice, (rows, columns) [HU]."""
    try:
        with item.open() as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored = np.asarray(pydicom.dcmread(stream).pixel_array)
    except Exception as error:  # noqa: BLE001  (a damaged file may raise anything)
        raise InputError(
            f"{name}: the pixels of {item.name} are cut short or damaged ({plain(error)}); "
            "copy it again"
        ) from None
    shape = (int(item.tags["Rows"]), int(item.tags["Columns"]))
    if stored.shape != shape:
        raise InputError(
            f"{name}: {item.name} holds {stored.shape} values, not {shape}; "
            "export the original series"
        )
    slope, intercept = float(item.tags["RescaleSlope"]), float(item.tags["RescaleIntercept"])
    values: Array = stored * slope + intercept
    return values
