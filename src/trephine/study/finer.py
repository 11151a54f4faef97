"""Owns how a course that was computed on coarse voxels is filmed on finer ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.course import HealingCourse
from trephine.stages.follow import MORE, TISSUES

Array = NDArray[np.floating[Any]]


def finer(course: HealingCourse, coarse: Anatomy, fine: Anatomy) -> HealingCourse:
    """Return a course with its tissues on a finer grid of the same site.

    How much of the healing space of a voxel each tissue fills is that of the coarse voxel around
    it; how much of the fine voxel is healing space is known at full sharpness. So the edges of
    bone and gap on a film are as sharp as those of the fine voxels, and the tissue as a coarse
    course knows it. Both grids are symmetric about the middle of the gap; beyond the coarse one
    nothing heals.

    Parameters
    ----------
    course
        Computed on the grid of ``coarse``.
    coarse, fine
        The same site on both grids; the coarse spacing is a whole multiple of the fine one.

    Returns
    -------
    HealingCourse
        With the fields that a film shows alone.

    Raises
    ------
    ValueError
        If the spacings do not divide.
    """
    ratio = coarse.grid.spacing / fine.grid.spacing
    if abs(ratio - round(ratio)) > 1e-9:
        raise ValueError(f"a voxel cannot be cut in {ratio:.3g}")
    within = [
        (np.arange(n_fine) - n_fine // 2) // round(ratio) + n_coarse // 2
        for n_coarse, n_fine in zip(coarse.grid.shape, fine.grid.shape, strict=True)
    ]
    near = np.ix_(*(np.clip(i, 0, n - 1) for i, n in zip(within, coarse.grid.shape, strict=True)))
    at: tuple[Any, ...] = (slice(None), *near)
    x, y, z = ((i >= 0) & (i < n) for i, n in zip(within, coarse.grid.shape, strict=True))
    inside = x[:, None, None] & y[None, :, None] & z[None, None, :]
    of_coarse, of_fine = _healing_share(coarse), _healing_share(fine) * inside
    each = np.where(of_coarse > 0.0, 1.0 / np.where(of_coarse > 0.0, of_coarse, 1.0), 0.0)
    fields = {
        name: ((course.fields[name] * each)[at] * of_fine).astype(np.float32)
        for name in (*TISSUES, *MORE)
        if name in course.fields
    }
    return replace(course, fields=fields)


def _healing_share(anatomy: Anatomy) -> Array:
    """Return how much of what is open in a voxel takes part in healing, (x, y, z) [-]."""
    is_open = anatomy.open > 0.0
    share = np.where(is_open, anatomy.healing / np.where(is_open, anatomy.open, 1.0), 0.0)
    return np.asarray(np.where(share > 1e-9, share, 0.0))
