"""Owns what a reader of files hands to the import gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Raw:
    """A scan as its file holds it, not yet checked.

    Parameters
    ----------
    values
        Values after the file's own rescale, any order of axes.
    affine
        From voxel index to the patient's LPS coordinates, (4, 4) [m].
    source
        What was read, in words without names.
    """

    values: NDArray[np.floating[Any]]
    affine: Array
    source: str


def plain(error: BaseException) -> str:
    """Return an error of a library in one line, without the path it may hold."""
    text = " ".join(str(error).split())
    words = [word for word in text.split(" ") if "/" not in word and "\\" not in word]
    return " ".join(words)[:160] or type(error).__name__
