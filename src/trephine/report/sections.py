"""Owns three sections through the gap: how a section is cut, and tissue in colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.run import Run
from trephine.core.grid import Grid
from trephine.core.types import Voxels
from trephine.report.frames import FILLING, Frames, composition
from trephine.report.palette import LOOSE, SITE, TISSUES, rgb

Plane = Literal["coronal", "sagittal", "axial"]

LARGEST_EDGE = 128
"""Sections are averaged over whole blocks of voxels until no edge is longer."""
SHADES = {shade.key: np.array(rgb(shade.colour)) for shade in (*TISSUES, *SITE)}


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


def section(values: Voxels, cut: Cut, grid: Grid) -> Voxels:
    """Return a section as it is seen, (row, column), coarse enough for the page."""
    seen = as_seen(through_the_origin(values, cut.axis, grid), cut.plane)
    edge = -(-max(grid.shape) // LARGEST_EDGE)
    if edge == 1:
        return seen
    full = np.pad(seen, [(0, -n % edge) for n in seen.shape], mode="edge")
    rows, columns = (n // edge for n in full.shape)
    mean: Voxels = full.reshape(rows, edge, columns, edge).mean(axis=(1, 3))
    return mean


def tissue_colours(run: Run, frames: Frames, cut: Cut) -> NDArray[np.uint8]:
    """Return the tissue section at each frame in colour, (frame, row, column, 3)."""
    fields = run.course.fields
    ground = Ground.of(run.anatomy, cut)
    return np.stack(
        [ground.coloured({n: v[index] for n, v in fields.items()}) for index in frames.snapshot]
    )


class Ground(NamedTuple):
    """What does not change of a coloured section: old bone, implant, and what lies below.

    Parameters
    ----------
    cut, grid
        Where it is cut.
    open
        Open tissue, (x, y, z) [-].
    still, empty
        Colour of bone and implant, and of the place where nothing has grown,
        (row, column, 3) [0 to 255].
    share
        Open tissue in the section, (row, column) [-].
    """

    cut: Cut
    grid: Grid
    open: Voxels
    still: Voxels
    empty: Voxels
    share: Voxels

    @classmethod
    def of(cls, anatomy: Anatomy, cut: Cut) -> Ground:
        """Return the ground of a section."""
        soft = np.clip(1 - anatomy.bone - anatomy.metal - anatomy.canal - anatomy.gap, 0, 1)

        def mixed(parts: dict[str, Voxels]) -> Voxels:
            total: Voxels = sum(
                (section(values, cut, anatomy.grid)[..., None] * SHADES[name])
                for name, values in parts.items()
            )
            return total

        return cls(
            cut=cut,
            grid=anatomy.grid,
            open=anatomy.open,
            still=mixed({"bone": anatomy.bone, "metal": anatomy.metal}),
            empty=mixed({"canal": anatomy.canal, "gap": anatomy.gap, "soft": soft}),
            share=section(anatomy.open, cut, anatomy.grid),
        )

    def coloured(self, fields: Mapping[str, Voxels]) -> NDArray[np.uint8]:
        """Return the section with what has grown by a snapshot, (row, column, 3).

        Parameters
        ----------
        fields
            Fields of the snapshot by name, (x, y, z), per volume of open tissue.
        """
        grown = {
            name: section(fields[name] * self.open, self.cut, self.grid)
            for name in FILLING
            if name in fields
        }
        parts = composition(grown, self.share)
        colour = self.still + sum(parts[s.key][..., None] * SHADES[s.key] for s in TISSUES)
        left = np.divide(
            parts[LOOSE.key], self.share, out=np.zeros_like(self.share), where=self.share > 0
        )
        picture: NDArray[np.uint8] = np.rint(
            np.clip(colour + left[..., None] * self.empty, 0, 255)
        ).astype(np.uint8)
        return picture


def underlay(run: Run, cut: Cut) -> NDArray[np.uint8]:
    """Return what a field is shown over: grey of what does not heal, and the share that does.

    Returns
    -------
    array
        (row, column, 2): grey of bone, implant and the tissue beyond the reach of callus; and
        the share of gap, canal and callus region, 0 to 255.
    """
    anatomy, grid = run.anatomy, run.anatomy.grid
    healing = section(anatomy.gap + anatomy.canal + anatomy.callus, cut, grid)
    bone, metal = (section(values, cut, grid) for values in (anatomy.bone, anatomy.metal))
    around = np.clip(1 - healing - bone - metal, 0, 1)
    grey = (215 * bone + 120 * metal + 34 * around) / np.maximum(bone + metal + around, 1e-9)
    return np.rint(np.stack([grey, 255 * np.clip(healing, 0, 1)], axis=-1)).astype(np.uint8)
