"""Arrays on disk: a Zarr group of fields over time that xarray opens, and one of the rest."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec
from zarr.errors import ZarrUserWarning

from trephine.case.course import UNITS
from trephine.core.errors import StoreError
from trephine.core.grid import Grid
from trephine.store.files import writing

Array = np.ndarray[Any, Any]
SPACE = ("x", "y", "z")
TOWARD = ("left", "back", "head")
TIME = "time"


class FieldSeries:
    """Fields over time in a Zarr group with coordinates and units, one chunk a time.

    A snapshot is written field by field and counts only when its entry of ``time`` is there.

    Parameters
    ----------
    path
        Folder of the group.
    grid
        Where the fields sit.
    """

    def __init__(self, path: Path, grid: Grid) -> None:
        self.path = path
        self.grid = grid

    def start(self) -> None:
        """Make the group anew, with its coordinates and no snapshot."""
        with writing(self.path):
            if self.path.exists():
                shutil.rmtree(self.path)
            group = zarr.create_group(self.path, zarr_format=3, attributes={"frame": "LPS"})
            for which, (name, toward) in enumerate(zip(SPACE, TOWARD, strict=True)):
                words = {"units": "mm", "long_name": f"toward the patient's {toward}"}
                put(group, name, self.grid.axis(which) * 1e3, (name,), words)
            group.create_array(
                TIME,
                shape=(0,),
                chunks=(1,),
                dtype=np.float64,
                dimension_names=(TIME,),
                attributes={"units": "d", "long_name": "time since day 0"},
                fill_value=np.nan,
            )

    def append(self, index: int, day: float, fields: Mapping[str, Array]) -> None:
        """Write snapshot ``index``: each field first, its entry of ``time`` last.

        Raises
        ------
        StoreError
            If the disk refuses, or the fields are not those of the snapshots before.
        """
        with writing(self.path):
            group = _open(self.path, "r+")
            known = self._names(group)
            if known and set(known) != set(fields) and index > 0:
                raise StoreError(
                    f"snapshot {index} holds {sorted(fields)}, not {known}, as the ones before"
                )
            for name, values in fields.items():
                self._put_time(group, name, index, np.asarray(values))
            self._grow(group[TIME], index)
            group[TIME][index] = day

    def _put_time(self, group: Any, name: str, index: int, values: Array) -> None:  # noqa: ANN401
        if name not in group:
            group.create_array(
                name,
                shape=(0, *values.shape),
                chunks=(1, *values.shape),
                dtype=values.dtype,
                dimension_names=(TIME, *SPACE),
                attributes={"units": UNITS[name]},
                compressors=_compressor(),
                fill_value=0,
            )
        array = group[name]
        if array.shape[1:] != values.shape or array.dtype != values.dtype:
            raise StoreError(
                f"{name} is {values.dtype} {values.shape}, not {array.dtype} {array.shape[1:]}, "
                "as in the snapshots before"
            )
        self._grow(array, index)
        array[index] = values

    @staticmethod
    def _grow(array: Any, index: int) -> None:  # noqa: ANN401
        if array.shape[0] <= index:
            array.resize((index + 1, *array.shape[1:]))

    def cut(self, count: int) -> None:
        """Keep the first ``count`` snapshots and drop what an interruption left behind."""
        with writing(self.path):
            # Zarr writes under temporary names; a killed process leaves the last of them behind.
            for stray in self.path.rglob("*.partial"):
                stray.unlink()
            group = _open(self.path, "r+")
            for name in (TIME, *self._names(group)):
                array = group[name]
                if array.shape[0] < count:
                    raise StoreError(
                        f"{self.path} is damaged: {name} has {array.shape[0]} of {count} snapshots"
                    )
                array.resize((count, *array.shape[1:]))

    def seal(self) -> None:
        """Note all arrays in the group's own file, where xarray looks for them first."""
        with writing(self.path), warnings.catch_warnings():
            # Zarr warns that other readers may ignore the note; they lose nothing by it.
            warnings.simplefilter("ignore", ZarrUserWarning)
            zarr.consolidate_metadata(self.path)

    def snapshot(self, index: int) -> dict[str, Array]:
        """Return the fields of one snapshot by name, (x, y, z)."""
        group = _open(self.path, "r")
        return {name: np.asarray(group[name][index]) for name in self._names(group)}

    def count(self) -> int:
        """Return the number of snapshots."""
        return int(_open(self.path, "r")[TIME].shape[0])

    @staticmethod
    def _names(group: Any) -> list[str]:  # noqa: ANN401
        return sorted(name for name, array in group.arrays() if array.ndim == 4)


def put(
    group: Any,  # noqa: ANN401
    name: str,
    values: Array,
    dimensions: tuple[str, ...] | None = None,
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Write a whole array into a group as one chunk, in the place of one of the same name."""
    array = group.create_array(
        name,
        shape=values.shape,
        chunks=tuple(max(1, n) for n in values.shape),
        dtype=values.dtype,
        dimension_names=dimensions,
        attributes=dict(attributes or {}),
        compressors=_compressor(),
        fill_value=0,
        overwrite=True,
    )
    array[...] = values


def put_all(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write named arrays as one group, in the place of an earlier one."""
    with writing(path):
        if path.exists():
            shutil.rmtree(path)
        group = zarr.create_group(path, zarr_format=3)
        for name, values in arrays.items():
            put(group, name, values)


def put_anatomy(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write voxel arrays that do not change, (x, y, z), beside the fields of a series."""
    with writing(path):
        group = _open(path, "r+")
        for name, values in arrays.items():
            unit = "HU" if name.endswith("hounsfield") else "1"
            put(group, name, values, SPACE, {"units": unit})


def get(path: Path, names: Iterable[str]) -> dict[str, Array]:
    """Return arrays of a group by name.

    Raises
    ------
    StoreError
        If the group or one of the arrays is missing or cannot be read.
    """
    found: dict[str, Array] = {}
    try:
        group = _open(path, "r")
        for name in names:
            found[name] = np.asarray(group[name][...])
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise StoreError(f"{path} is damaged and cannot be read ({what})") from error
    return found


def _open(path: Path, mode: str) -> Any:  # noqa: ANN401
    """Open a group by what lies in it, not by a note made before an interruption."""
    return zarr.open_group(path, mode=mode, use_consolidated=False)


def _compressor() -> BloscCodec:
    return BloscCodec(cname="zstd", clevel=1, shuffle="shuffle")
