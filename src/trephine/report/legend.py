"""Owns a graph with its title and legend, and the days that graphs mark."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from trephine.case.run import Run
from trephine.core.types import Series
from trephine.report.frames import Frames
from trephine.report.words import rounded


@dataclass(frozen=True)
class Key:
    """A line of a legend: swatch, name, and what it reads at each frame."""

    label: str
    colour: str
    readings: list[str]
    dash: str = ""
    shape: str = "line"

    @property
    def readings_json(self) -> str:
        """The readings as JSON, for the page's script."""
        return json.dumps(self.readings, ensure_ascii=False)


@dataclass(frozen=True)
class Graph:
    """A picture with its title, its legend and what to make of it."""

    title: str
    note: str
    svg: str
    keys: list[Key]


def events(run: Run) -> list[tuple[float, str]]:
    """Return week and words of each injection of the plan."""
    return [
        (step.day / 604800, f"Injection, week {rounded(step.day / 604800)}")
        for step in run.case.plan.injections
    ]


def readings(frames: Frames, values: Series, write: Callable[[float], str]) -> list[str]:
    """Return a series at each frame, as text."""
    return [write(float(values[i])) for i in frames.snapshot]
