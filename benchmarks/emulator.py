"""Make the emulator of the healing engine from nothing, measure it, and write its page.

``--make`` computes the designed runs (kept in runs/emulator, so that a second call goes on),
teaches the emulator and puts it in its place; without it the emulator that is there is measured.
``--write`` writes docs/reference/emulator.md and its plot; for that, some of the fresh runs are
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
from emulator_page import Coarse, Speed, page, plot
from process import alone, asked_for
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.study import inputs
from trephine.study.courses import Runs
from trephine.study.designed import Seen, engine, gathered, numerics
from trephine.study.emulate import SHIPPED, Emulator
from trephine.study.teaching import taught
from trephine.study.union_drivers import COUNT, union_drivers

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "runs" / "emulator"
PAGE = ROOT / "docs" / "reference" / "emulator.md"
PLOT = ROOT / "docs" / "images" / "emulator.svg"
VOXEL = 3e-3
"""Edge of the voxels of the designed runs [m]."""
TRAIN, FRESH = 512, 200
"""Runs to learn from, and to be judged by."""
FINER = {2e-3: 12, 1.5e-3: 24}
"""How many of the fresh runs are computed on finer voxels too."""
MILLION = 1_000_000


class Said(Watch):
    """A listener that prints a line now and then."""

    def progress(self, stage: str, done: float, total: float, text: str = "") -> None:
        """Print every tenth step."""
        if int(done) % 10 == 0:
            print(f"{time.strftime('%H:%M:%S')} {stage}: {done:g} of {total:g} {text}", flush=True)


def sound(seen: list[Seen]) -> list[Seen]:
    """Return the runs that did not fail; tell of the others."""
    failed = [one.error for one in seen if one.error]
    if failed:
        print(f"{len(failed)} of {len(seen)} runs failed, the first with: {failed[0]}")
    return [one for one in seen if one.error is None]


def made() -> Emulator:
    """Return the emulator, taught from nothing, and put it in its place."""
    train, fresh = (
        Runs.of(sound(gathered(RUNS, part, count, VOXEL, watch=Said())))
        for part, count in (("train", TRAIN), ("fresh", FRESH))
    )
    about: dict[str, Any] = {
        "engine": engine(),
        "numerics": numerics(VOXEL),
        "voxel_mm": VOXEL * 1e3,
        "version": trephine.__version__,
    }
    emulator = Emulator(taught(train), train, fresh, about)
    told = dataclasses.replace(emulator, about={**about, "error": emulator.error.as_written()})
    told.save()
    return told


def coarse() -> tuple[Coarse, ...]:
    """Return how far runs on the voxels of the design are from the same runs on finer ones."""
    found = []
    for voxel, count in FINER.items():
        pairs = [gathered(RUNS, "fresh", count, v, watch=Said()) for v in (VOXEL, voxel)]
        found.append(Coarse.of(voxel, *pairs))
    return tuple(found)


def million() -> dict[str, Any]:
    """Return how long a million courses take, with chances by week and with sampled outcomes."""
    emulator = Emulator.load()
    values = inputs.point(Streams(1).named("million").random((MILLION, inputs.DIMENSIONS)))
    began = time.perf_counter()
    predicted = emulator.predict(values)
    half = time.perf_counter()
    sampled = emulator.sample(values, Streams(2))
    end = time.perf_counter()
    united = float(np.isfinite(sampled.union_week).mean())
    gap = abs(united - float(predicted.union_chance.mean()))
    return {"predict": half - began, "sample": end - half, "apart": gap}


def main() -> None:
    """Make what is asked for, measure, and write the page."""
    if asked_for({"million": million}):
        return
    emulator = made() if "--make" in sys.argv else Emulator.load()
    print(emulator.error)
    if "--write" not in sys.argv:
        return
    found = alone(__file__, "million")
    speed = Speed(found["predict"], found["sample"], found["peak_MB"])
    began = time.perf_counter()
    drivers = union_drivers(emulator)
    told = (drivers, time.perf_counter() - began, COUNT * (inputs.DIMENSIONS + 2))
    PLOT.write_text(plot(emulator), encoding="utf-8")
    PAGE.write_text(page(emulator, coarse(), speed, told), encoding="utf-8")
    size = SHIPPED.stat().st_size / 1e3
    print(f"{PAGE.relative_to(ROOT)} is written; the emulator is {size:.0f} kB")


if __name__ == "__main__":
    main()
