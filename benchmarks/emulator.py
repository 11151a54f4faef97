"""Make the emulator of the healing engine from nothing, measure it, and write its page.

``--make`` computes the designed runs (kept in runs/emulator, so that a second call goes on),
teaches the emulator and puts it in its place; without it the emulator that is there is measured.
``--runs 1/2`` only computes the first half of the runs, beside a process that does the other.
``--write`` writes docs/reference/emulator.md and its plots; for that, some of the fresh runs are
computed on finer voxels too, which tells what the coarse ones cost.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import trephine
from emulator_page import Coarse, Speed, page
from emulator_plots import bars, plot
from process import alone, asked_for
from trephine.case.trial import read
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.study import designed_points
from trephine.study.courses import Runs
from trephine.study.designed import VOXEL, Seen, engine, gathered, numerics
from trephine.study.emulate import SHIPPED, Emulator
from trephine.study.emulated_trial import emulate_trial
from trephine.study.input_range import Values
from trephine.study.series_points import like_patients
from trephine.study.teaching import taught
from trephine.study.trial_document import document
from trephine.study.union_drivers import COUNT, union_drivers

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "runs" / "emulator"
PAGE = ROOT / "docs" / "reference" / "emulator.md"
PLOT = ROOT / "docs" / "images" / "emulator.svg"
BARS = ROOT / "docs" / "images" / "emulator-drivers.svg"
COUNTS = {"train": 170, "series": 256, "fresh": 100, "fresh series": 100}
"""Runs to learn from, over the whole range and like patients, and to be judged by."""
FIRST = {"train": 128, "series": 128, "fresh": 100, "fresh series": 100}
"""Those that are computed first, of which an emulator can be made already."""
TRIALS = (
    "hernigou-2005-tibia",
    "connolly-1991-marrow",
    "garg-1993-marrow",
    "goel-2005-marrow",
    "bhargava-2007-marrow",
    "li-2019-femur",
)
"""Trials of examples/trials whose patients the runs of the series are like."""
FINER, PAIRS = 1.5e-3, 24
"""Edge of finer voxels, and how many of the fresh runs are computed on them too."""
MILLION = 1_000_000


class Said(Watch):
    """A listener that prints a line now and then."""

    def progress(self, stage: str, done: float, total: float, text: str = "") -> None:
        """Print every tenth step."""
        if int(done) % 10 == 0:
            print(f"{time.strftime('%H:%M:%S')} {stage}: {done:g} of {total:g} {text}", flush=True)


def asked(part: str, count: int) -> Values:
    """Return the inputs of the runs of a part."""
    if part == "train":
        return designed_points.designed(count)
    if part == "fresh":
        return designed_points.independent(count)
    trials = [read(ROOT / "examples" / "trials" / f"{name}.toml") for name in TRIALS]
    return like_patients(trials, count, part)[0]


def runs(part: str, count: int, voxel: float = VOXEL, mine: tuple[int, int] = (0, 1)) -> list[Seen]:
    """Return the runs of a part, or of a share of it."""
    return gathered(RUNS, part, asked(part, count), voxel, mine=mine, watch=Said())


def sound(seen: list[Seen]) -> list[Seen]:
    """Return the runs that did not fail; tell of the others."""
    failed = [one.error for one in seen if one.error]
    if failed:
        print(f"{len(failed)} of {len(seen)} runs failed, the first with: {failed[0]}")
    return [one for one in seen if one.error is None]


def made() -> Emulator:
    """Return the emulator, taught from nothing, and put it in its place."""
    parts = {part: Runs.of(sound(runs(part, count))) for part, count in COUNTS.items()}
    train = Runs.joined(parts["train"], parts["series"])
    fresh = Runs.joined(parts["fresh"], parts["fresh series"])
    about: dict[str, Any] = {
        "engine": engine(),
        "numerics": numerics(VOXEL),
        "voxel_mm": VOXEL * 1e3,
        "version": trephine.__version__,
        "counts": {part: len(held) for part, held in parts.items()},
    }
    emulator = Emulator(taught(train), train, fresh, about)
    told = dataclasses.replace(emulator, about={**about, "error": emulator.error.as_written()})
    told.save()
    return told


def coarse() -> Coarse:
    """Return how far runs on the voxels of the design are from the same runs on finer ones."""
    halves = [
        [one for part in ("fresh", "fresh series") for one in runs(part, PAIRS // 2, voxel)]
        for voxel in (VOXEL, FINER)
    ]
    return Coarse.of(FINER, *halves)


def million() -> dict[str, Any]:
    """Return how long a million courses take, with chances by week and with sampled outcomes."""
    emulator = Emulator.load()
    values = designed_points.independent(MILLION, seed=1)
    began = time.perf_counter()
    predicted = emulator.predict(values)
    half = time.perf_counter()
    sampled = emulator.sample(values, Streams(2))
    end = time.perf_counter()
    united = float(np.isfinite(sampled.union_week).mean())
    gap = abs(united - float(predicted.union_chance.mean()))
    return {"predict": half - began, "sample": end - half, "apart": gap}


def whole_trial() -> dict[str, Any]:
    """Return how long a trial of a million patients takes, from drawing them to its endpoints."""
    trial = read(ROOT / "examples" / "trials" / f"{TRIALS[0]}.toml")
    began = time.perf_counter()
    document(emulate_trial(trial, patients_each=MILLION))
    return {"trial": time.perf_counter() - began}


def main() -> None:
    """Make what is asked for, measure, and write the page."""
    if asked_for({"million": million, "whole_trial": whole_trial}):
        return
    if "--runs" in sys.argv:
        number, of = map(int, sys.argv[sys.argv.index("--runs") + 1].split("/"))
        for counts in (FIRST, COUNTS):
            for part, count in counts.items():
                runs(part, count, mine=(number - 1, of))
        return
    emulator = made() if "--make" in sys.argv else Emulator.load()
    print(emulator.error)
    if "--write" not in sys.argv:
        return
    found = alone(__file__, "million")
    trial = alone(__file__, "whole_trial")
    speed = Speed(
        found["predict"], found["sample"], found["peak_MB"], trial["trial"], trial["peak_MB"]
    )
    began = time.perf_counter()
    drivers = union_drivers(emulator)
    told = (drivers, time.perf_counter() - began, COUNT * (designed_points.DIMENSIONS + 2))
    PLOT.write_text(plot(emulator), encoding="utf-8")
    BARS.write_text(bars(drivers), encoding="utf-8")
    PAGE.write_text(page(emulator, coarse(), speed, told), encoding="utf-8")
    size = SHIPPED.stat().st_size / 1e3
    print(f"{PAGE.relative_to(ROOT)} is written; the emulator is {size:.0f} kB")


if __name__ == "__main__":
    main()
