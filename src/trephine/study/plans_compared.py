"""Several plans on one patient and the same luck: outcomes, courses, and differences."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import trephine
from trephine import pipeline
from trephine.case.course_case import CourseCase
from trephine.case.course_run import CourseRun
from trephine.case.run import Run
from trephine.case.settings import Settings
from trephine.core import digest
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.models.beliefs import Beliefs
from trephine.store.files import read_document, write_document

Array = NDArray[np.floating[Any]]
Plain = dict[str, Any]

BAND = (0.1, 0.5, 0.9)
"""Quantiles of what draws show: the middle, and the ends of the span of 80 %."""
RESAMPLED = 2000
"""Resamples of the draws that tell how well a share is known."""
TIMES = {"week": 1.0, "day": 1.0 / 7.0, "month": 365.25 / 84.0, "months": 365.25 / 84.0}
"""Names of times in a product, and weeks in one of them."""
HIDDEN = ("seed", "provisional_records", "largest_imbalance")
MOST_CURVES = 8


@dataclass(frozen=True)
class Curve:
    """One quantity over time of one draw: its name with the unit, weeks and values."""

    name: str
    week: Array
    values: Array


def drawn_beliefs(seed: int, draw: int) -> Beliefs:
    """Return the numbers of a draw: as printed for the first, else from their spreads."""
    return Beliefs.printed() if draw == 0 else Beliefs.draw(Streams(seed).named("plans", str(draw)))


def draws(
    cases: Mapping[str, CourseCase],
    settings: Settings,
    *,
    seed: int,
    replicates: int,
    out: Path,
    watch: Watch,
    finished: Callable[[str, CourseRun, Path], None],
) -> dict[str, list[Plain]]:
    """Return outcome and curves of every plan in every draw of luck and numbers.

    All plans of a draw share its numbers and its luck, so that they differ by the plan alone. The
    first draw has the numbers as printed and the user's luck, and its runs are kept whole. What
    an earlier attempt computed is read.

    Parameters
    ----------
    cases
        The same patient under each plan, by name.
    settings
        Numerics.
    seed
        The user's luck.
    replicates
        How many draws.
    out
        Folder of the comparison.
    watch
        Hears the progress.
    finished
        Told of each run of the first draw, with its folder.
    """
    found: dict[str, list[Plain]] = {name: [] for name in cases}
    for draw in range(replicates):
        beliefs = drawn_beliefs(seed, draw)
        for number, (name, case) in enumerate(cases.items()):
            watch.progress("arm", draw * len(cases) + number, replicates * len(cases), name)
            asked = digest.of_document(
                {
                    "case": case.digest,
                    "settings": settings.digest,
                    "beliefs": beliefs.digest,
                    "seed": seed + draw,
                    "version": trephine.__version__,
                }
            )
            path = out / name / f"draw-{draw}.json"
            if path.exists() and read_document(path).get("asked") == asked:
                found[name].append(read_document(path))
                continue
            place = out / name / "run" if draw == 0 else None
            run = pipeline.run(
                case,
                beliefs=beliefs,
                settings=settings,
                seed=seed + draw,
                out=place,
                resume=place is not None and (place / "run.json").exists(),
                watch=watch,
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            if place is not None:
                finished(name, run, place)
            told = {"asked": asked, "summary": _plain(run.summary()), "curves": _told(run)}
            write_document(path, told)
            found[name].append(told)
    return found


def _plain(summary: Mapping[str, Any]) -> Plain:
    """Return the scalar entries of a summary."""
    return {
        k: v for k, v in summary.items() if v is None or isinstance(v, bool | int | float | str)
    }


def _told(run: CourseRun) -> list[Plain]:
    """Return the curves of a run as plain data."""
    return [
        {
            "name": one.name,
            "week": [float(f"{v:.6g}") for v in one.week],
            "values": [float(f"{v:.6g}") for v in one.values],
        }
        for one in curves(run)
    ]


def curves(run: CourseRun) -> list[Curve]:
    """Return what a run shows over time.

    Of a shaft, score, callus, stiffness and movement. Of any other product every series that
    stands beside times, by its name, in the product's own unit.
    """
    if isinstance(run, Run):
        week = run.course.day / 7.0
        return [
            Curve("Radiographic union (mRUST, 4 to 16)", run.follow_up.week, run.follow_up.mrust),
            Curve(
                "Mineralised new bone (mL)", run.follow_up.week, run.follow_up.callus_volume * 1e6
            ),
            Curve("Stiffness of the tissue (N/mm)", week, run.course.stiffness * 1e-3),
            Curve("Movement between the bone ends (mm)", week, run.course.movement * 1e3),
        ]
    return list(_series(run, "", None))[:MOST_CURVES]


def _series(held: Any, name: str, week: Array | None) -> Iterator[Curve]:  # noqa: ANN401
    """Yield every series of a product that is as long as the times beside or above it."""
    if isinstance(held, tuple | list):
        for one in held:
            yield from _series(one, getattr(one, "name", name), week)
    if not dataclasses.is_dataclass(held) or isinstance(held, type):
        return
    parts = {field.name: getattr(held, field.name) for field in dataclasses.fields(held)}
    for key, weeks in TIMES.items():
        if isinstance(parts.get(key), np.ndarray) and parts[key].ndim == 1:
            week = np.asarray(parts.pop(key), dtype=float) * weeks
            break
    for key, part in parts.items():
        if isinstance(part, np.ndarray):
            if week is not None and part.ndim == 1 and part.shape == week.shape:
                words = f"{name}: {key}" if name else key
                yield Curve(words.replace("_", " ").capitalize(), week, part.astype(float))
        else:
            yield from _series(part, getattr(part, "name", None) or name or key, week)


def outcomes(told: Mapping[str, list[Plain]]) -> list[str]:
    """Return the names of the numbers that any plan's outcome holds, in order."""
    names: dict[str, None] = {}
    for each in told.values():
        for one in each:
            for key, value in one["summary"].items():
                if isinstance(value, int | float) and not isinstance(value, bool):
                    names.setdefault(key)
    return [name for name in names if name not in HIDDEN]


def spread(values: list[float]) -> tuple[float, float, float] | None:
    """Return the low end, the middle and the high end of what draws show; None of nothing."""
    if not values:
        return None
    low, middle, high = (float(v) for v in np.quantile(values, BAND))
    return low, middle, high


def compared(told: Mapping[str, list[Plain]], seed: int = 0) -> list[Plain]:
    """Return a row of plain data for each plan: its outcomes, and its difference to the first.

    A difference is taken draw by draw, each under the same luck and numbers. Where a number such
    as the week of union is missing on either side, the draw does not count for it; how many do
    is told. The share that united has its own difference.
    """
    first = next(iter(told.values()))
    names, rows = outcomes(told), []
    for name, each in told.items():
        row: Plain = {"plan": name, "draws": len(each), "outcomes": {}, "differences": {}}
        for key in names:
            own = [one["summary"].get(key) for one in each]
            pairs = [
                (a, b)
                for a, b in zip(own, (o["summary"].get(key) for o in first), strict=True)
                if a is not None and b is not None
            ]
            row["outcomes"][key] = {
                "value": own[0],
                "told": sum(v is not None for v in own),
                "spread": spread([v for v in own if v is not None]),
            }
            apart = [a - b for a, b in pairs]
            row["differences"][key] = {"pairs": len(pairs), "spread": spread(apart)}
        row["ending"] = each[0]["summary"].get("ending")
        row["sentence"] = each[0]["summary"].get("sentence")
        if "union_week" in each[0]["summary"]:
            row["united"] = _united(each, first, seed)
        rows.append(row)
    return rows


def _united(each: list[Plain], first: list[Plain], seed: int) -> Plain:
    """Return the share of draws that united, and how far it lies above that of the first plan."""
    own = np.array([one["summary"]["union_week"] is not None for one in each], dtype=float)
    other = np.array([one["summary"]["union_week"] is not None for one in first], dtype=float)
    apart = own - other
    rng = Streams(seed).named("resampled")
    picks = rng.integers(0, apart.size, (RESAMPLED, apart.size))
    low, high = np.quantile(apart[picks].mean(axis=1), (0.025, 0.975))
    return {
        "share": float(own.mean()),
        "difference": float(apart.mean()),
        "interval": [float(low), float(high)],
    }


def bands(each: list[Plain], which: int) -> tuple[Array, Array]:
    """Return the weeks of a curve, and low end, middle and high end of its draws, (3, time)."""
    week = np.asarray(each[0]["curves"][which]["week"])
    values = np.array([one["curves"][which]["values"] for one in each])
    return week, np.quantile(values, BAND, axis=0)
