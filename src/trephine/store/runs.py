"""A run is a folder: what was asked, fields over time, the products, and where it stopped."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, cast, get_type_hints

import numpy as np

from trephine.case import course_case
from trephine.case.case import of_any_kind
from trephine.case.course import HealingCourse
from trephine.case.course_case import CourseCase
from trephine.case.course_run import CourseRun
from trephine.case.document import validate
from trephine.case.kinds import kind_named, part
from trephine.case.run import Run
from trephine.case.settings import Settings
from trephine.core import digest
from trephine.core.errors import InputError, StoreError
from trephine.core.grid import Grid
from trephine.core.progress import Watch
from trephine.core.provenance import Provenance
from trephine.store import arrays as on_disk
from trephine.store import checkpoint, codec, identity, layout
from trephine.store.arrays import FieldSeries
from trephine.store.files import read_document, write_document, writing
from trephine.store.layout import (
    ARRAYS,
    CASE,
    CHECKPOINT,
    DOCUMENT,
    FIELDS,
    FORMAT,
    PRODUCTS,
    describe,
    hold,
    refuse_occupied,
)

ASKED = ("case", "settings", "provenance")
"""Parts of a run that ``run.json`` holds; ``products.json`` holds the others."""


def parts_of(product: type[Any]) -> dict[str, Any]:
    """Return the parts of a kind of run that ``products.json`` holds, with their annotations."""
    hints = get_type_hints(product, include_extras=True)
    names = [field.name for field in fields(product)]
    return {name: hints[name] for name in names if name not in ASKED}


class RunFolder:
    """A run's folder that this process writes.

    Made by :meth:`create` or :meth:`resume`. One process at a time writes a folder.

    Parameters
    ----------
    path
        The folder.
    is_finished
        Whether the run in it has ended, so that there is nothing left to compute.
    """

    def __init__(self, path: Path, *, is_finished: bool) -> None:
        self.path = path
        self.is_finished = is_finished
        self._grid: Grid | None = None
        if not is_finished:
            weakref.finalize(self, hold(path / CASE).close)

    @classmethod
    def create(
        cls, path: Path, *, case: CourseCase, settings: Settings, seed: int, provenance: Provenance
    ) -> RunFolder:
        """Start a run in a folder that does not exist yet or is empty.

        Raises
        ------
        InputError
            If the folder holds a run or any file.
        StoreError
            If the disk refuses; what was written of the new run is taken away again.
        """
        path = Path(path)
        refuse_occupied(path)
        document = {
            "format": FORMAT,
            "status": "running",
            "name": case.name,
            "seed": seed,
            "case": case.as_written(),
            "settings": settings.as_written(),
            "provenance": provenance.as_document(),
        }
        with writing(path):
            path.mkdir(parents=True, exist_ok=True)
        try:
            with writing(path):
                course_case.write(case, path / CASE)
            write_document(path / DOCUMENT, document)
        except StoreError:
            shutil.rmtree(path, ignore_errors=True)
            raise
        return cls(path, is_finished=False)

    @classmethod
    def resume(
        cls, path: Path, *, case: CourseCase, settings: Settings, seed: int, provenance: Provenance
    ) -> RunFolder:
        """Take up a run where it stopped; a finished one is returned as it is.

        Raises
        ------
        InputError
            If there is no run, it is of another layout, another process writes it, or it was
            made from something else; names each difference.
        """
        path = Path(path)
        held = describe(path)
        found = identity.differences(
            held,
            case=case.as_written(),
            settings=settings.as_written(),
            seed=seed,
            provenance=provenance,
        )
        if found:
            raise InputError(
                f"{path} cannot resume: it was made from something else; repeat the options it "
                "was started with, or choose another --out",
                found,
            )
        return cls(path, is_finished=held["status"] == "finished")

    def watch(self, grid: Grid, listener: Watch | None = None) -> Watch:
        """Return a watch that writes each snapshot down and tells the listener the progress."""
        self._grid = grid
        return _Recorder(self.path, grid, listener or Watch())

    def finish(self, run: CourseRun, wall_seconds: float) -> None:
        """Write the products and mark the run as finished.

        A run that was watched has a ``course`` whose fields are on disk already, and an
        ``anatomy`` on the same grid; of any other run every array is written now.

        Raises
        ------
        StoreError
            If the disk refuses, or the course is not the one that was watched.
        """
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        names = parts_of(type(run))
        products = {name: codec.encode(getattr(run, name), name, arrays) for name in names}
        homes = layout.homes(arrays, is_watched=self._grid is not None)
        if self._grid is not None:
            series = FieldSeries(self.path / FIELDS, self._grid)
            _check_course(series, cast("Any", run).course)
            on_disk.put_anatomy(self.path / FIELDS, _part(homes, arrays, FIELDS, prefix="anatomy_"))
            series.seal()
        on_disk.put_all(self.path / ARRAYS, _part(homes, arrays, ARRAYS))
        write_document(self.path / PRODUCTS, products)
        document = describe(self.path) | {
            "status": "finished",
            "is_watched": self._grid is not None,
            "summary": run.summary(),
            "provenance": run.provenance.as_document(),
            "provisional": list(run.provisional),
            "notices": list(run.notices),
            "digests": {name: digest.of_arrays({name: a}) for name, a in sorted(arrays.items())},
            "products_digest": digest.of_document(products),
            "wall_seconds": wall_seconds,
        }
        write_document(self.path / DOCUMENT, document)
        self.is_finished = True
        with writing(self.path):
            (self.path / CHECKPOINT).unlink(missing_ok=True)


class _Recorder(Watch):
    """Write what a stage hands over, and give back what an earlier attempt wrote."""

    def __init__(self, path: Path, grid: Grid, listener: Watch) -> None:
        self._checkpoint = path / CHECKPOINT
        self._listener = listener
        self._series = FieldSeries(path / FIELDS, grid)
        self._count = 0
        self._state: Mapping[str, np.ndarray[Any, Any]] | None = None
        earlier = checkpoint.read(self._checkpoint)
        if earlier is None:
            self._series.start()
        else:
            self._count, self._state = earlier
            self._series.cut(self._count)

    def progress(self, stage: str, done: float, total: float, note: str = "") -> None:
        self._listener.progress(stage, done, total, note)

    def keep(
        self,
        index: int,
        day: float,
        fields: Mapping[str, np.ndarray[Any, Any]],
        state: Mapping[str, np.ndarray[Any, Any]],
    ) -> None:
        if index != self._count:
            raise StoreError(f"snapshot {index} came where snapshot {self._count} was due")
        self._series.append(index, day, fields)
        checkpoint.write(self._checkpoint, index + 1, state)
        self._count, self._state = index + 1, None

    def restore(self) -> Mapping[str, np.ndarray[Any, Any]] | None:
        return self._state

    def kept(self) -> list[Mapping[str, np.ndarray[Any, Any]]]:
        return [self._series.snapshot(index) for index in range(self._count)]


def load(path: str | Path) -> Run:
    """Return the finished run of a shaft in a folder, every array bit for bit as it was computed.

    Raises
    ------
    InputError
        If the folder holds no run, one of another layout or kind of site, or one that has not
        ended.
    StoreError
        If a file is damaged or an array is not what was written.
    """
    found = load_any(path)
    if not isinstance(found, Run):
        raise InputError(
            f"{path} holds a run on a site of kind '{found.case.site.kind}'; this works on a site "
            "of kind 'shaft' alone"
        )
    return found


def load_any(path: str | Path) -> CourseRun:
    """Return the finished run in a folder, whatever its kind of site; see :func:`load`."""
    path = Path(path)
    document = describe(path)
    if document["status"] != "finished":
        raise InputError(
            f"{path} holds a run that has not ended; continue it with 'trephine run' and --resume"
        )
    digests: dict[str, str] = document.get("digests", {})
    is_watched = document.get("is_watched", True)
    homes = layout.homes(digests, is_watched=is_watched)
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for home in (FIELDS, ARRAYS) if is_watched else (ARRAYS,):
        names = {stored: name for name, (where, stored) in homes.items() if where == home}
        found = on_disk.get(path / home, names)
        arrays |= {names[stored]: values for stored, values in found.items()}
    for name, values in arrays.items():
        if digest.of_arrays({name: values}) != digests[name]:
            raise StoreError(f"{path} is damaged: {name} is not what was written")
    products = read_document(path / PRODUCTS)
    if digest.of_document(products) != document.get("products_digest"):
        raise StoreError(f"{path / PRODUCTS} is damaged: it is not what was written")
    case = of_any_kind(document["case"], str(path / DOCUMENT))
    product: type[Any] = part(kind_named(case.site.kind).product)
    parts = {n: codec.decode(hint, products[n], arrays) for n, hint in parts_of(product).items()}
    run: CourseRun = product(
        case=case,
        settings=validate(Settings, document["settings"], str(path / DOCUMENT)),
        provenance=codec.decode(Provenance, document["provenance"], {}),
        **parts,
    )
    return run


def _check_course(series: FieldSeries, course: HealingCourse) -> None:
    """Raise StoreError unless the series holds as many snapshots as the course, the same last."""
    count = series.count()
    if count != len(course.day):
        raise StoreError(f"{series.path} holds {count} snapshots, the course {len(course.day)}")
    last = series.snapshot(count - 1)
    for name in {*last, *course.fields}:
        same = name in last and name in course.fields
        if not same or not _identical(last[name], np.asarray(course.fields[name][-1])):
            raise StoreError(f"{series.path} does not hold the course's {name}")


def _identical(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and bool((one == other).all())


def _part(
    homes: Mapping[str, tuple[str, str]],
    arrays: Mapping[str, np.ndarray[Any, Any]],
    home: str,
    prefix: str = "",
) -> dict[str, np.ndarray[Any, Any]]:
    return {
        stored: arrays[name]
        for name, (where, stored) in homes.items()
        if where == home and stored.startswith(prefix)
    }
