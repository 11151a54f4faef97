"""Owns the one colour scale of a field for all times: its ends, ticks and thresholds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trephine.case.run import Run
from trephine.core.types import Voxels
from trephine.report.fields import Field, values
from trephine.report.frames import Frames
from trephine.report.sections import CUTS, Cut, section, through_the_origin
from trephine.report.strain import TURNS
from trephine.report.svg import nice_step, nice_top, tick_label
from trephine.report.words import NO_BREAK, rounded

THRESHOLDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "strain": (*TURNS, ("callus.tearing_strain", "tears ≥")),
}
"""Records of the catalogue that divide a field, and what they say, by the field's key."""
STEPS = 127
"""Steps of a scale; fewer than a byte holds, so that pictures pack well."""
SIGNED = 0.02
"""A field is shown about zero when this share of its size lies below zero."""


@dataclass(frozen=True)
class Range:
    """The ends of a field's one colour scale, in the field's shown unit.

    Parameters
    ----------
    field
        The field.
    low, high
        Values at the two ends.
    is_above, is_below
        Whether values lie beyond an end.
    marks
        Value and words of each threshold on the scale.
    """

    field: Field
    low: float
    high: float
    is_above: bool
    is_below: bool
    marks: tuple[tuple[float, str], ...] = ()

    @property
    def is_signed(self) -> bool:
        """Whether zero lies in the middle."""
        return self.low < 0

    @property
    def is_empty(self) -> bool:
        """Whether the field is zero everywhere and always."""
        return self.high == 0

    @property
    def is_log(self) -> bool:
        """Whether equal ratios take equal lengths."""
        return self.field.law == "log" and not self.is_signed

    @property
    def core(self) -> float:
        """Size up to which a signed logarithmic scale is about linear; zero for other scales."""
        is_bent = self.is_signed and self.field.law == "log"
        return self.high / 10.0**self.field.decades if is_bent else 0.0

    def place(self, at: Voxels | float) -> Voxels:
        """Return where values lie on the scale, 0 to 1; those beyond an end lie on it."""
        if self.core:
            size = np.log1p(np.abs(at) / self.core) / np.log1p(self.high / self.core)
            share = 0.5 * (1.0 + np.sign(at) * size)
        elif self.is_log:
            share = np.log(np.maximum(at, self.low) / self.low) / np.log(self.high / self.low)
        else:
            share = (np.asarray(at) - self.low) / (self.high - self.low)
        placed: Voxels = np.clip(share, 0, 1)
        return placed

    def levels(self, at: Voxels) -> NDArray[np.uint8]:
        """Return 0 to 254 along the scale, in even steps."""
        steps: NDArray[np.uint8] = (2 * np.rint(STEPS * self.place(at))).astype(np.uint8)
        return steps

    def ticks(self) -> list[tuple[float, str]]:
        """Return position, 0 to 1, and text of each tick; the ends say where values lie beyond."""
        if self.is_log:
            first, last = round(np.log10(self.low)), round(np.log10(self.high))
            at = [10.0**k for k in range(first, last + 1)]
        elif self.core:
            sizes = [self.high / 10.0**k for k in range(round(self.field.decades))]
            at = [*(-size for size in sizes), 0.0, *reversed(sizes)]
        elif self.is_signed:
            at = [self.high * k / 2 for k in range(-2, 3)]
        else:
            step = nice_step(self.high / 5)
            at = [step * k for k in range(round(self.high / step) + 1)]
        words = [tick_label(v, log=self.is_log) for v in at]
        if self.is_above:
            words[-1] = f"≥{NO_BREAK}{words[-1]}"
        if self.is_below:
            words[0] = f"≤{NO_BREAK}{words[0]}"
        return list(zip((round(float(self.place(v)), 4) for v in at), words, strict=True))

    def thresholds(self) -> list[tuple[float, str]]:
        """Return position, 0 to 1, and text of each threshold that lies on the scale."""
        return [
            (round(float(self.place(value)), 4), words)
            for value, words in self.marks
            if self.low < value < self.high
        ]

    def described(self) -> dict[str, object]:
        """Return what the page's script must know."""
        return {
            "title": f"{self.field.label} [{self.field.unit}]",
            "unit": self.field.unit,
            "low": self.low,
            "high": self.high,
            "isLog": self.is_log,
            "isSigned": self.is_signed,
            "core": self.core,
            "ticks": self.ticks(),
            "marks": self.thresholds(),
        }


def thresholds_of(run: Run, field: Field) -> tuple[tuple[float, str], ...]:
    """Return the thresholds of a field in its shown unit, as the run used them."""
    return tuple(
        (run.used[key] * field.factor, f"{words}{NO_BREAK}{rounded(run.used[key] * field.factor)}")
        for key, words in THRESHOLDS.get(field.key, ())
        if key in run.used
    )


def scale_of(run: Run, frames: Frames, field: Field) -> Range:
    """Return one colour scale for all frames: round ends that hold nearly all that is seen.

    The top is near the 99.8th percentile of the three sections in healing tissue; a logarithmic
    scale goes down by its field's decades at most. A field with both signs gets zero in the
    middle; thresholds are always on it. Ends that leave values beyond them say so.
    """
    anatomy, grid = run.anatomy, run.anatomy.grid
    healing = anatomy.gap + anatomy.canal + anatomy.callus
    masks = [through_the_origin(healing, cut.axis, grid) > 0.2 for cut in CUTS]
    seen = np.concatenate(
        [
            through_the_origin(values(run.course.fields, field, index), cut.axis, grid)[mask]
            for index in frames.snapshot
            for cut, mask in zip(CUTS, masks, strict=True)
        ]
    )
    top, most, least = float(np.quantile(seen, 0.998)), float(seen.max()), float(seen.min())
    marks = thresholds_of(run, field)
    if most == least == 0.0:
        return Range(field, 0.0, 0.0, is_above=False, is_below=False)
    if least < -SIGNED * abs(most):
        high = float(np.quantile(np.abs(seen), 0.99)) or max(most, -least)
        high = 10.0 ** math.ceil(math.log10(high)) if field.law == "log" else nice_top(high)
        return Range(field, -high, high, most > high * 1.001, least < -high * 1.001, marks)
    top = max(top if top > 0 else most, *(value for value, _ in marks), 0.0)
    if field.law == "log":
        high = 10.0 ** math.ceil(math.log10(top) - 1e-6)
        bottom = float(np.quantile(seen[seen > 0], 0.01))
        floor = high / 10.0**field.decades
        low = min(max(10.0 ** math.floor(math.log10(bottom)), floor), high / 10)
        return Range(field, low, high, most > high * 1.001, least < low * 0.999, marks)
    high = nice_top(top)
    return Range(field, 0.0, high, most > high * 1.001, is_below=False, marks=marks)


def field_levels(run: Run, frames: Frames, scale: Range, cut: Cut) -> NDArray[np.uint8]:
    """Return a field's section at each frame along its scale, (frame, row, column)."""
    grid, course = run.anatomy.grid, run.course.fields
    return np.stack(
        [
            scale.levels(section(values(course, scale.field, index), cut, grid))
            for index in frames.snapshot
        ]
    )
