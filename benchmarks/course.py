"""Time, memory and error of a whole course, by quality, and where the time goes.

Run with ``python benchmarks/course.py [--fine] [--write]``; ``--fine`` runs the course at 0.5 mm
alone, which has a section of its own. The worked example, 26 weeks, each in a process of its own,
compiled programs not kept. The error is against the same course at a tenth of every tolerance.
The rows together are the study of the voxel.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from page import prose, publish, table, targets, verdict
from process import Found, alone, asked_for, remembered

VOXELS = {"coarse": "2 mm", "draft": "1.5 mm", "standard": "1 mm", "fine": "0.5 mm"}
TIGHT = {
    "step_tolerance": 5e-4,
    "elliptic_tolerance": 1e-6,
    "mechanics_tolerance": 5e-5,
    "stiffness_change": 0.03,
    "mechanics_interval": 0.7 * 86400.0,
}
"""A tenth of every tolerance of a preset."""


class Clock:
    """Where the time of a run goes, compilation apart.

    Parts are timed by replacing functions of the project by ones that note the time and call
    them; JAX tells what it spends on compiling, and no part is charged for that.
    """

    def __init__(self) -> None:
        import jax  # noqa: PLC0415  (a fresh process times its own imports)

        jax.config.update("jax_cpu_enable_async_dispatch", False)
        jax.monitoring.register_event_duration_secs_listener(self._hear)
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._compiled: list[tuple[float, float]] = []

    def _hear(self, event: str, duration: float, **_: object) -> None:
        """Note that a trace, a lowering or a compilation has just ended."""
        if event.startswith("/jax/core/compile/"):
            now = time.perf_counter()
            begin = now - duration
            # a trace reports those inside it first
            self._compiled = [span for span in self._compiled if span[0] < begin]
            self._compiled.append((begin, now))

    def compiled(self) -> float:
        """Return the time spent on compiling so far [s]."""
        return sum(end - begin for begin, end in self._compiled)

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same and is charged to a part."""

        def call(*args: object, **kwargs: object) -> object:
            compiled, begin = self.compiled(), time.perf_counter()
            result = function(*args, **kwargs)
            took = time.perf_counter() - begin
            self.spent[part] += took - (self.compiled() - compiled)
            self.calls[part] += 1
            return result

        return call

    def inside(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the same for a function that is compiled into a program.

        The program asks for the time before and after, and cannot go on without the answer.
        """
        import jax  # noqa: PLC0415
        import jax.numpy as jnp  # noqa: PLC0415
        from jax.experimental import io_callback  # noqa: PLC0415

        begun: list[float] = []
        answer = jax.ShapeDtypeStruct((), jnp.float64)

        def begin(_: object) -> float:
            begun.append(time.perf_counter())
            return 0.0

        def end(_: object) -> float:
            self.spent[part] += time.perf_counter() - begun.pop()
            self.calls[part] += 1
            return 0.0

        def after(asked: Callable[[object], float], values: Any) -> Any:  # noqa: ANN401
            values = jax.lax.optimization_barrier(values)
            done = sum(jnp.ravel(leaf)[0] for leaf in jax.tree.leaves(values))
            heard = io_callback(asked, answer, done)
            return jax.lax.optimization_barrier((values, heard))[0]

        def call(state: object, *args: object) -> object:
            return after(end, function(after(begin, state), *args))

        return call


def replace(owner: object, name: str, by: Callable[[Any], Any]) -> None:
    """Replace a function of a module or class by what is made of it."""
    setattr(owner, name, by(getattr(owner, name)))


def one(quality: str, *changes: str) -> Found:
    """Run one course and return what it cost, and what came of it."""
    clock = Clock()
    begin = time.perf_counter()
    import trephine  # noqa: PLC0415
    from trephine import pipeline  # noqa: PLC0415
    from trephine.cli.example import file  # noqa: PLC0415
    from trephine.stages.heal import course  # noqa: PLC0415
    from trephine.stages.heal.mechanics import Mechanics  # noqa: PLC0415

    imported = time.perf_counter() - begin
    replace(course, "advance", partial(clock.timed, "biology"))
    for method in ("feel", "examine"):
        replace(Mechanics, method, partial(clock.timed, "mechanics"))
    if "split" in changes:

        def watched(model: Any) -> Any:  # noqa: ANN401
            return dataclasses.replace(model, settle=clock.inside("elliptic", model.settle))

        replace(pipeline, "model_named", lambda named: lambda name: watched(named(name)))
    case = trephine.read(str(file("femur-nonunion")))
    settings = trephine.Settings.model_validate({"voxel": VOXELS[quality]})
    if "tight" in changes:
        settings = settings.model_copy(update=TIGHT)
    begin = time.perf_counter()
    run = trephine.run(case, settings=settings)
    whole = time.perf_counter() - begin
    return {
        "voxel": settings.voxel * 1e3,
        "voxels": run.anatomy.grid.size,
        "imports": imported,
        "whole": whole - clock.compiled(),
        "compile": clock.compiled(),
        **{part: clock.spent[part] for part in ("biology", "elliptic", "mechanics")},
        "solves": clock.calls["elliptic"],
        "callus": float(run.follow_up.callus_volume[-1] * 1e6),
        "union": run.follow_up.union_week,
        "stiffness": float(run.course.stiffness[-1]) * 1e-3,
    }


HEAD = (
    "quality",
    "voxel (mm)",
    "voxels",
    "whole (s)",
    "compiling (s)",
    "biology (s)",
    "of it oxygen and signal",
    "mechanics (s)",
    "rest (s)",
    "peak memory (MB)",
    "union (week)",
    "new bone (mL)",
    "error of new bone",
)


def row(quality: str, found: Found, share: str, error: str) -> tuple[str, ...]:
    """Return a row of the table of courses."""
    rest = found["whole"] - found["biology"] - found["mechanics"]
    union = found["union"]
    return (
        quality,
        f"{found['voxel']:g}",
        str(found["voxels"]),
        f"{found['whole']:.1f}",
        f"{found['compile']:.1f}",
        f"{found['biology']:.1f}",
        share,
        f"{found['mechanics']:.1f}",
        f"{rest:.1f}",
        f"{found['peak_MB']:.0f}",
        "none" if union is None else f"{union:.0f}",
        f"{found['callus']:.3f}",
        error,
    )


def section() -> str:
    """Return the section of the page."""
    rows = []
    shares, found = {}, {}
    for quality in ("coarse", "draft", "standard"):
        found[quality] = alone(__file__, "one", quality)
        share = error = "-"
        if quality != "coarse":
            split = alone(__file__, "one", quality, "split")
            shares[quality] = split["elliptic"] / split["whole"]
            share = f"{split['elliptic'] / split['biology']:.0%}"
        if quality == "draft":
            tight = alone(__file__, "one", quality, "tight")
            error = f"{abs(found[quality]['callus'] / tight['callus'] - 1):.1e}"
        rows.append(row(quality, found[quality], share, error))
    usual = found["standard"]
    again = remembered(__file__, "one", "draft")
    wanted = [
        verdict("26 weeks at 1 mm (s)", usual["whole"], 60.0, at_most=True),
        verdict("compiling, once (s)", usual["compile"], 20.0, at_most=True),
        verdict("oxygen and signal of the whole, 1 mm", shares["standard"], 0.5, at_most=True),
    ]
    return "\n\n".join(
        [
            "## A whole course",
            prose(f"""
                The worked example, 26 weeks, from the case file to the last
                film. *Whole* leaves out compiling, which a machine does once: a
                second run (here of a draft) spends {again["compile"]:.1f} s on it. Importing takes
                {usual["imports"]:.1f} s more. The error is the relative change
                of the final volume of new bone when every tolerance is ten
                times tighter. The share of oxygen and signal comes from a
                second run that asks for the time around each solve.
            """),
            table(HEAD, rows),
            targets(wanted),
        ]
    )


def finest() -> str:
    """Return the section of the course at half a millimetre."""
    found = alone(__file__, "one", "fine", patience=7200)
    wanted = [
        verdict("26 weeks at 0.5 mm (s)", found["whole"], 900.0, at_most=True),
        verdict("peak memory (MB)", found["peak_MB"], 6144, at_most=True),
    ]
    return "\n\n".join(
        [
            "## The same at half a millimetre",
            "By `make fine`; `make bench` leaves it as it was.",
            table(HEAD, [row("fine", found, "-", "-")]),
            targets(wanted),
        ]
    )


if __name__ == "__main__" and not asked_for({"one": one}):
    if "--fine" in sys.argv:
        publish("fine", finest)
    else:
        publish("course", section)
