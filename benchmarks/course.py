"""Time, memory and error of a whole course, by quality, and where the time goes.

Run with ``python benchmarks/course.py [--write]``; ``--write`` puts the table into
``docs/reference/benchmarks.md``. Each quality runs in a process of its own, compiled programs
not kept. The error is against the same course at a tenth of the step tolerance.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "benchmarks.md"
QUALITIES = ("draft", "standard")


def one(quality: str, tolerance: float) -> dict[str, float]:
    """Run one course and return what it cost, and what came of it."""
    import trephine  # noqa: PLC0415  (a fresh process times its own imports)
    from trephine.cli.example import file  # noqa: PLC0415
    from trephine.models import healing  # noqa: PLC0415
    from trephine.stages import heal  # noqa: PLC0415

    spent: Counter[str] = Counter()
    first: dict[str, float] = {}

    def timed(name: str, function: object) -> object:
        def call(*args: object, **kwargs: object) -> object:
            import jax  # noqa: PLC0415

            begin = time.perf_counter()
            result = jax.block_until_ready(function(*args, **kwargs))  # type: ignore[operator]
            took = time.perf_counter() - begin
            if name in first:
                spent[name] += took
            else:
                first[name] = took
            return result

        return call

    heal.advance = timed("biology", healing.advance)  # type: ignore[assignment]
    heal.compress = timed("mechanics", heal.compress)  # type: ignore[assignment]
    case = trephine.read(str(file("femur-nonunion")))
    settings = trephine.Settings.preset(quality).model_copy(update={"step_tolerance": tolerance})
    begin = time.perf_counter()
    run = trephine.run(case, settings=settings)
    return {
        "voxels": float(run.anatomy.grid.size),
        "first_calls": sum(first.values()),
        "biology": spent["biology"],
        "mechanics": spent["mechanics"],
        "whole": time.perf_counter() - begin,
        "peak_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "callus": float(run.follow_up.callus_volume[-1] * 1e6),
        "union": run.follow_up.union_week or 0.0,
    }


def measured(quality: str, tolerance: float) -> dict[str, float]:
    """Return :func:`one` from a fresh process."""
    command = [sys.executable, __file__, "--one", quality, str(tolerance)]
    environment = {**os.environ, "JAX_ENABLE_COMPILATION_CACHE": "0"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)  # noqa: S603  (our own file)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def table() -> str:
    """Return the measurements as a page."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `python benchmarks/course.py --write`: the worked example, 26 weeks, on",
        f"{os.cpu_count()} cores ({platform.machine()}). First calls include compilation, which a",
        "second run on the same machine takes from its cache. The error is the relative change of",
        "the final volume of new bone when the step tolerance is ten times tighter. The rows",
        "together are the study of the voxel: the week of union and the volume of new bone.",
        "",
        (
            "| quality | voxels | whole (s) | first calls (s) | biology (s) | mechanics (s) |"
            " peak memory (MB) | union (week) | new bone (mL) | step error |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for quality in QUALITIES:
        usual = measured(quality, 5e-3)
        error = "not measured"
        if quality == QUALITIES[0]:
            finer = measured(quality, 5e-4)
            error = f"{abs(usual['callus'] / finer['callus'] - 1.0):.1e}"
        lines.append(
            f"| {quality} | {usual['voxels']:.0f} | {usual['whole']:.1f} |"
            f" {usual['first_calls']:.1f} | {usual['biology']:.1f} | {usual['mechanics']:.1f} |"
            f" {usual['peak_MB']:.0f} | {usual['union']:.0f} | {usual['callus']:.2f} |"
            f" {error} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--one" in sys.argv:
        print(json.dumps(one(sys.argv[2], float(sys.argv[3]))))
    else:
        page = table()
        print(page)
        if "--write" in sys.argv:
            PAGE.write_text(page, encoding="utf-8")
