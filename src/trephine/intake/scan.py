"""Owns the files a case keeps of a scan: writing them, and the anatomy they give on any grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.site import Scan
from trephine.core import digest
from trephine.core.errors import InputError
from trephine.core.grid import Grid
from trephine.intake import nifti

Array = NDArray[np.float64]

BONE, CANAL, METAL = 1, 2, 3


@dataclass(frozen=True)
class Kept:
    """What a case keeps of a scan; arrays (x, y, z) on a grid along the shaft.

    Parameters
    ----------
    grid
        The grid, symmetric about the middle of the gap.
    hounsfield
        CT numbers [HU].
    labels
        0 outside, 1 bone, 2 medullary canal, 3 metal.
    """

    grid: Grid
    hounsfield: Array
    labels: NDArray[np.uint8]


def write(kept: Kept, density: Path, labels: Path) -> str:
    """Write the two files of a scan and return the digest of their bytes."""
    affine = kept.grid.affine_ras_mm()
    nifti.write(density, np.rint(kept.hounsfield).astype(np.int16), affine)
    nifti.write(labels, kept.labels.astype(np.uint8), affine)
    return contents(density, labels)


def contents(density: Path, labels: Path) -> str:
    """Return the digest of the two files of a scan."""
    return digest.of_document([digest.of_file(density), digest.of_file(labels)])


def read(scan: Scan) -> Kept:
    """Return what a case keeps of a scan, read from its two files.

    Raises
    ------
    InputError
        If a file is missing, changed since the intake, or not what intake writes.
    """
    density, labels = Path(scan.density), Path(scan.labels)
    for path in (density, labels):
        if not path.is_file():
            raise InputError(
                f"site.scan: {path.name} is not there; keep the files of the intake beside the "
                "case file"
            )
    found = contents(density, labels)
    if found != scan.contents:
        raise InputError(
            f"site.scan: {density.name} or {labels.name} was changed since the intake (contents "
            f"{found}, the case says {scan.contents}); run the intake again"
        )
    raw, tissue = nifti.read(density), nifti.read(labels)
    edge = float(raw.affine[0, 0])
    shape: Any = raw.values.shape
    grid = Grid(
        shape=(int(shape[0]), int(shape[1]), int(shape[2])),
        spacing=edge,
        origin=_origin(shape, edge),
    )
    expected = np.diag([edge, edge, edge, 1.0])
    expected[:3, 3] = grid.origin
    for path, item in ((density, raw), (labels, tissue)):
        if item.values.shape != shape or np.abs(item.affine - expected).max() > 1e-6:
            raise InputError(
                f"site.scan: {path.name} is not on a grid along the shaft, centred on the gap; "
                "make it with trephine intake"
            )
    if not np.isin(tissue.values, (0, BONE, CANAL, METAL)).all():
        raise InputError(
            f"site.scan: {labels.name} holds other labels than 0 outside, 1 bone, 2 canal, 3 metal"
        )
    return Kept(grid, raw.values.astype(np.float64), tissue.values.astype(np.uint8))


def _origin(shape: tuple[int, int, int], edge: float) -> tuple[float, float, float]:
    low = [-(n - 1) / 2 * edge for n in shape]
    return (low[0], low[1], low[2])


def averaged(values: NDArray[Any], source: Grid, target: Grid) -> Array:
    r"""Return the mean of values over each voxel of another grid; totals are kept.

    .. math:: v_{ijk} = \sum_{abc} W^x_{ia} W^y_{jb} W^z_{kc}\, u_{abc}

    with :math:`W` the share of a target voxel that lies in a source voxel.

    Parameters
    ----------
    values
        Values on the source grid, (x, y, z).
    source, target
        The grids, on the same axes; the target lies within the source.
    """
    result = np.asarray(values, dtype=np.float64)
    for axis in range(3):
        start, end = (
            g.axis(axis)[:, None] + s * g.spacing / 2 for g, s in ((target, -1), (target, 1))
        )
        low, high = (source.axis(axis) + s * source.spacing / 2 for s in (-1, 1))
        shared = np.clip(np.minimum(end, high) - np.maximum(start, low), 0.0, None)
        result = np.moveaxis(np.tensordot(shared / target.spacing, result, (1, axis)), 0, axis)
    return result
