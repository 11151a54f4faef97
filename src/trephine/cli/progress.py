"""Progress with the time left, on stderr: a bar for a person, lines for a log."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn as TimeLeft

from trephine.core.progress import Watch

STAGES = {
    "model": "Comparing models",
    "arm": "Comparing plans",
    "site": "Laying the site on a grid",
    "dose": "Preparing the injections",
    "heal": "Healing",
    "follow": "Taking the films",
    "report": "Writing the report",
    "ladder": "Healing at a ladder of doses",
    "plan": "Searching plans",
    "again": "Computing the best again",
}
"""What a person reads for the name of a stage."""
LINE_EVERY = 0.1
"""Share of a stage after which a log gets its next line."""


class Bar(Watch):
    """A bar for the stage at work, with the time left."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeLeft(),
            TextColumn("{task.fields[note]}"),
            console=console,
            transient=True,
            refresh_per_second=4,
            speed_estimate_period=120.0,
        )
        self._stage = ""
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Show the bars."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bars away."""
        self._progress.stop()

    def progress(self, stage: str, done: float, total: float, note: str = "") -> None:
        """Move the bar of a stage; a new stage takes the place of the one before."""
        if stage != self._stage or self._task is None:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._stage = stage
            self._task = self._progress.add_task(STAGES.get(stage, stage), total=total, note=note)
        self._progress.update(self._task, completed=done, total=total, note=note)


class Lines(Watch):
    """A line at each tenth of a stage, with the time left; for stderr that is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage = ""
        self._began = self._from = self._next = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""

    def progress(self, stage: str, done: float, total: float, note: str = "") -> None:
        """Write a line when a stage begins and at each tenth of it."""
        share = done / total if total else 0.0
        if stage != self._stage:
            self._stage, self._began, self._from = stage, time.monotonic(), share
            self._next = _next_line(share)
            self._say(STAGES.get(stage, stage), note)
        elif share >= self._next - 1e-9:
            self._next = _next_line(share)
            spent = time.monotonic() - self._began
            left = spent * (1.0 - share) / (share - self._from)
            words = f"{STAGES.get(stage, stage)} {share:.0%}, about {left:.0f} s left"
            self._say(words, note)

    def _say(self, words: str, note: str) -> None:
        self._console.print(f"{words} ({note})" if note else words, markup=False, soft_wrap=True)


def _next_line(share: float) -> float:
    return (int(share / LINE_EVERY + 1e-9) + 1) * LINE_EVERY


class Silence(Watch):
    """Nothing at all, as ``--quiet`` asks."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""


def display(console: Console, *, is_quiet: bool) -> Bar | Lines | Silence:
    """Return the way to show progress that fits where stderr goes."""
    if is_quiet:
        return Silence()
    return Bar(console) if console.is_terminal else Lines(console)
