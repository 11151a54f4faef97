"""Looking into the folder of a run that another process may be writing."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trephine.case.case import Case, need_shaft, of_any_kind
from trephine.case.course import HealingCourse
from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.core.errors import InputError, StoreError
from trephine.core.grid import Grid
from trephine.core.provenance import Provenance
from trephine.core.types import Series
from trephine.store import arrays, codec, layout
from trephine.store.arrays import FieldSeries
from trephine.store.checkpoint import STATE
from trephine.store.layout import ARRAYS, CHECKPOINT, DOCUMENT, FIELDS, describe

Array = np.ndarray[Any, Any]

SERIES = ("stiffness", "movement", "force")
"""Series of a course that a run writes down at each visit."""
HEAVY = ("state/", "fast/", "history/", "strain/", "unit_", "solved_")
"""Beginnings of names in a checkpoint that a course so far does not need."""
TRIES, PAUSE = 5, 0.05
"""How often, and after how many seconds, a file is read again that changed under the reader."""


@dataclass(frozen=True)
class Glimpse:
    """What a run's folder holds at one moment.

    Parameters
    ----------
    case, settings, provenance
        What was asked, and what made it.
    is_finished
        Whether the run has ended.
    day
        Time of each snapshot, (time,) [d].
    written
        When each snapshot was written, (time,) [s since 1970].
    series
        Values at each snapshot by name, (time,), in the units of a course.
    """

    case: Case
    settings: Settings
    provenance: Provenance
    is_finished: bool
    day: Series
    written: Series
    series: Mapping[str, Series]

    @property
    def duration(self) -> float:
        """Length of the whole course [d]."""
        return float(self.case.plan.follow_up.duration) / 86400.0

    @property
    def speed(self) -> float | None:
        """Days of the course that one second computes, over the last snapshots, where known."""
        last = slice(-6, None)
        days, seconds = self.day[last], self.written[last]
        if self.is_finished or days.size < 2 or seconds[-1] <= seconds[0]:
            return None
        return float((days[-1] - days[0]) / (seconds[-1] - seconds[0]))

    @property
    def seconds_left(self) -> float | None:
        """Time until the last snapshot at the speed of the last ones [s], where known."""
        return None if not self.speed else (self.duration - float(self.day[-1])) / self.speed


def look(path: Path) -> Glimpse:
    """Return what the folder of a run holds now, finished or not.

    Raises
    ------
    InputError
        If the folder holds no run, or one of another layout.
    StoreError
        If a file is damaged.
    """
    document = describe(path)
    case = need_shaft(of_any_kind(document["case"], str(path / DOCUMENT)), "watching")
    is_finished = document["status"] == "finished"
    day, written = _times(path / FIELDS)
    series = _finished(path, document) if is_finished else _so_far(path / CHECKPOINT)
    # A snapshot counts when its state is written too; the two come one after the other.
    count = min([day.size, *(values.size for values in series.values())])
    return Glimpse(
        case=case,
        settings=validate(Settings, document["settings"], str(path / DOCUMENT)),
        provenance=codec.decode(Provenance, document["provenance"], {}),
        is_finished=is_finished,
        day=day[:count],
        written=written[:count],
        series={name: values[:count] for name, values in series.items()},
    )


def snapshot(path: Path, grid: Grid, index: int) -> dict[str, Array]:
    """Return the fields of one snapshot by name, (x, y, z)."""
    return FieldSeries(path / FIELDS, grid).snapshot(index)


def _times(fields: Path) -> tuple[Series, Series]:
    """Return the days of the snapshots whose entry of time is written, and when it was."""
    if not (fields / arrays.TIME / "zarr.json").is_file():
        return np.zeros(0), np.zeros(0)
    day = arrays.get(fields, [arrays.TIME])[arrays.TIME]
    day = day[: int(np.argmin(np.isfinite(day)))] if not np.isfinite(day).all() else day
    chunks = [fields / arrays.TIME / "c" / str(index) for index in range(day.size)]
    return day, np.array([chunk.stat().st_mtime for chunk in chunks if chunk.is_file()])


def _finished(path: Path, document: Mapping[str, Any]) -> dict[str, Series]:
    homes = layout.homes(document.get("digests", {}))
    names = {name: f"course.{name}" for name in SERIES if f"course.{name}" in homes}
    found = arrays.get(path / ARRAYS, names.values())
    return {name: found[place] for name, place in names.items()}


def _so_far(path: Path) -> dict[str, Series]:
    """Return the series in a checkpoint; none where there is no checkpoint."""
    wanted = [f"series/{name}" for name in SERIES]
    found = _state(path, lambda name: name in wanted)
    return {name.removeprefix("series/"): values for name, values in found.items()}


def course_so_far(path: Path, grid: Grid, fixation: Array) -> HealingCourse:
    """Return the course of a run that has not ended up to its last snapshot, without budgets.

    Parameters
    ----------
    path
        Folder of the run.
    grid
        Its grid.
    fixation
        Stiffness of the implant in the order of :data:`trephine.case.course.MOTIONS`, (6, 6).

    Raises
    ------
    InputError
        If there is no snapshot yet.
    StoreError
        If a file is damaged.
    """
    glimpse = look(path)
    count = glimpse.day.size
    if not count:
        raise InputError(f"{path} holds no visit yet; the first takes the longest")
    taken = [snapshot(path, grid, index) for index in range(count)]
    held = _state(path / CHECKPOINT, lambda name: not name.startswith(HEAVY))
    spent = {n.removeprefix("spent/"): v[:count] for n, v in held.items() if n.startswith("spent/")}
    return HealingCourse(
        day=glimpse.day,
        fields={name: np.stack([fields[name] for fields in taken]) for name in taken[0]},
        **{name: glimpse.series[name] for name in SERIES},
        fixation_stiffness=float(fixation[0, 0]),
        examined=held["examined"],
        stiffness_matrix=held["matrices"],
        fixation_matrix=fixation,
        spent={name: values for name, values in spent.items() if values.size == count},
        budgets=(),
    )


def _state(checkpoint: Path, is_wanted: Callable[[str], bool]) -> dict[str, Array]:
    """Return a part of the state in a checkpoint, which is put in place whole, or nothing."""
    for attempt in range(TRIES):
        try:
            with checkpoint.open("rb") as stream, np.load(stream, allow_pickle=False) as held:
                names = {n.removeprefix(STATE): n for n in held.files if n.startswith(STATE)}
                return {n: np.asarray(held[at]) for n, at in names.items() if is_wanted(n)}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            if attempt == TRIES - 1:
                raise StoreError(f"{checkpoint} is damaged and cannot be read ({error})") from error
            time.sleep(PAUSE)
    return {}


def age(glimpse: Glimpse) -> float:
    """Return how long ago the last snapshot was written, by the clock of this machine [s]."""
    return time.time() - float(glimpse.written[-1])
