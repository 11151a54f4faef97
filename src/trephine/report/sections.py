"""Owns three sections through the gap: tissue in colour, and fields on one scale through time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trephine.case.run import Run
from trephine.core.grid import Grid
from trephine.core.types import Voxels
from trephine.report.frames import Frames, composition
from trephine.report.palette import LOOSE, SITE, TISSUES, rgb
from trephine.report.svg import nice_step, nice_top, tick_label
from trephine.report.words import rounded

Plane = Literal["coronal", "sagittal", "axial"]


class Cut(NamedTuple):
    """A section: the axis it cuts, and what its left, right, top and bottom are called."""

    plane: Plane
    axis: int
    left: str
    right: str
    top: str
    bottom: str


CUTS = (
    Cut("coronal", 1, "R", "L", "H", "F"),
    Cut("sagittal", 0, "A", "P", "H", "F"),
    Cut("axial", 2, "R", "L", "A", "P"),
)
"""Sections as a radiologist sees them: the patient's right on the left, his front on top."""


class Field(NamedTuple):
    """A field that can be shown: what it is, its unit, and how it is put on a scale."""

    key: str
    label: str
    unit: str
    factor: float
    log: bool


SHOWN = (
    Field("progenitors", "Progenitors", "cells per mL", 1e6, log=True),
    Field("oxygen", "Oxygen", "mmHg", 1.0, log=False),
    Field("perfusion", "Perfusion", "1 as in living bone", 1.0, log=False),
    Field("strain", "Strain, averaged over days", "%", 100.0, log=False),
    Field("signal", "Osteogenic signal", "half-response values", 1.0, log=False),
)


@dataclass(frozen=True)
class Range:
    """The ends of a field's one colour scale and its ticks, in the field's shown unit."""

    field: Field
    low: float
    high: float
    is_above: bool
    is_below: bool

    def levels(self, values: Voxels) -> NDArray[np.uint8]:
        """Return 0 to 255 along the scale; values beyond an end take the colour of that end."""
        if self.field.log:
            floor = np.maximum(values, self.low)
            share = np.log(floor / self.low) / np.log(self.high / self.low)
        else:
            share = (values - self.low) / (self.high - self.low)
        levels: NDArray[np.uint8] = np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)
        return levels

    def ticks(self) -> list[tuple[float, str]]:
        """Return position, 0 to 1, and text of each tick; the ends say where values lie beyond."""
        if self.field.log:
            first, last = round(np.log10(self.low)), round(np.log10(self.high))
            values = [10.0**k for k in range(first, last + 1)]
            places = [(k - first) / (last - first) for k in range(first, last + 1)]
        else:
            step = nice_step((self.high - self.low) / 5)
            values = [step * k for k in range(round(self.high / step) + 1)]
            places = [value / self.high for value in values]
        words = [tick_label(v, log=self.field.log) for v in values]
        if self.is_above:
            words[-1] = f"≥ {words[-1]}"
        if self.is_below:
            words[0] = f"≤ {words[0]}"
        return list(zip(places, words, strict=True))


def through_the_origin(values: Voxels, axis: int, grid: Grid) -> Voxels:
    """Return a section through the middle of the gap, interpolated between two voxels.

    Parameters
    ----------
    values
        Values at cell centres; the last three axes are x, y, z.
    axis
        Axis of the grid that the section cuts.
    grid
        The grid.
    """
    at = float(np.clip(-grid.origin[axis] / grid.spacing, 0, grid.shape[axis] - 1))
    low = min(int(at), grid.shape[axis] - 2)
    share = at - low
    near, far = (np.take(values, low + k, axis=axis - 3) for k in (0, 1))
    section: Voxels = (1 - share) * near + share * far
    return section


def as_seen(section: Voxels, plane: Plane) -> Voxels:
    """Return a section with rows from top to bottom and columns from left to right."""
    turned = np.swapaxes(section, -1, -2)
    seen: Voxels = turned if plane == "axial" else np.flip(turned, axis=-2)
    return seen


def tissue_colours(run: Run, frames: Frames, cut: Cut) -> NDArray[np.uint8]:
    """Return the tissue section at each frame in colour, (frame, row, column, 3)."""
    anatomy, grid = run.anatomy, run.anatomy.grid

    def plane(values: Voxels) -> Voxels:
        return as_seen(through_the_origin(values, cut.axis, grid), cut.plane)

    shades = {shade.key: np.array(rgb(shade.colour)) for shade in (*TISSUES, *SITE)}
    soft = np.clip(1 - anatomy.bone - anatomy.metal - anatomy.canal - anatomy.gap, 0, 1)
    site = {"bone": anatomy.bone, "metal": anatomy.metal}
    empty = {"canal": anatomy.canal, "gap": anatomy.gap, "soft": soft}
    still = sum(plane(v)[..., None] * shades[k] for k, v in site.items())
    names = ("woven", "mineralised", "cartilage", "fibrous", "clot", "demineralised_bone")
    open_tissue = anatomy.open
    share = plane(open_tissue)
    ground = sum(plane(v)[..., None] * shades[k] for k, v in empty.items())
    pictures = []
    for index in frames.snapshot:
        parts = composition(
            {name: plane(run.course.fields[name][index] * open_tissue) for name in names}, share
        )
        colour = still + sum(parts[s.key][..., None] * shades[s.key] for s in TISSUES)
        left = np.divide(parts[LOOSE.key], share, out=np.zeros_like(share), where=share > 0)
        pictures.append(np.rint(np.clip(colour + left[..., None] * ground, 0, 255)))
    return np.stack(pictures).astype(np.uint8)


def shown_values(run: Run, field: Field, index: int) -> Voxels:
    """Return a field at a snapshot in the unit it is shown in, (x, y, z)."""
    fields = run.course.fields
    if field.key == "progenitors":
        values = fields["progenitor_host"][index] + fields["progenitor_injected"][index]
    else:
        values = fields[field.key][index]
    scaled: Voxels = values * field.factor
    return scaled


def scale_of(run: Run, frames: Frames, field: Field) -> Range:
    """Return one colour scale for all frames: round ends that hold nearly all that is seen.

    The top is near the 99.8th percentile of the three sections in healing tissue; a logarithmic
    scale goes down five decades at most. Ends that leave values beyond them say so.
    """
    grid = run.anatomy.grid
    anatomy = run.anatomy
    healing = anatomy.gap + anatomy.canal + anatomy.callus
    seen = [through_the_origin(healing, cut.axis, grid) > 0.2 for cut in CUTS]
    values = np.concatenate(
        [
            through_the_origin(shown_values(run, field, index), cut.axis, grid)[mask]
            for index in frames.snapshot
            for cut, mask in zip(CUTS, seen, strict=True)
        ]
    )
    top, most, least = float(np.quantile(values, 0.998)), float(values.max()), float(values.min())
    if top <= 0:
        top = most if most > 0 else 1.0
    if field.log:
        high = 10.0 ** np.ceil(np.log10(top) - 1e-6)
        positive = values[values > 0]
        bottom = float(np.quantile(positive, 0.01)) if positive.size else high / 100
        low = min(max(10.0 ** np.floor(np.log10(bottom)), high / 1e5), high / 10)
        return Range(field, low, high, is_above=most > high * 1.001, is_below=least < low * 0.999)
    high = nice_top(top)
    return Range(field, 0.0, high, is_above=most > high * 1.001, is_below=False)


def field_levels(run: Run, frames: Frames, scale: Range, cut: Cut) -> NDArray[np.uint8]:
    """Return a field's section at each frame along its scale, (frame, row, column)."""
    grid = run.anatomy.grid
    return np.stack(
        [
            scale.levels(
                as_seen(
                    through_the_origin(shown_values(run, scale.field, index), cut.axis, grid),
                    cut.plane,
                )
            )
            for index in frames.snapshot
        ]
    )


def underlay(run: Run, cut: Cut) -> NDArray[np.uint8]:
    """Return what a field is shown over: grey of what does not heal, and the share that does.

    Returns
    -------
    array
        (row, column, 2): grey of bone, implant and the tissue beyond the reach of callus; and
        the share of gap, canal and callus region, 0 to 255.
    """
    grid = run.anatomy.grid

    def plane(values: Voxels) -> Voxels:
        return as_seen(through_the_origin(values, cut.axis, grid), cut.plane)

    anatomy = run.anatomy
    healing = plane(anatomy.gap + anatomy.canal + anatomy.callus)
    bone, metal = plane(anatomy.bone), plane(anatomy.metal)
    around = np.clip(1 - healing - bone - metal, 0, 1)
    grey = (215 * bone + 120 * metal + 34 * around) / np.maximum(bone + metal + around, 1e-9)
    return np.rint(np.stack([grey, 255 * np.clip(healing, 0, 1)], axis=-1)).astype(np.uint8)


def describe(scale: Range) -> str:
    """Return a scale in words, for those who cannot see its colours."""
    ends = f"{rounded(scale.low)} to {rounded(scale.high)}"
    return f"{scale.field.label}, {ends} {scale.field.unit}"
