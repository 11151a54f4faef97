"""Pictures made of characters: a section in half blocks or shades, and a curve in one line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.color import Color
from rich.style import Style
from rich.text import Text

from trephine.report.frames import FILLING, composition
from trephine.report.palette import SITE, TISSUES
from trephine.report.sections import CUTS, Ground, section

if TYPE_CHECKING:
    from trephine.case.anatomy import Anatomy

Array = np.ndarray[Any, Any]

STEPS = "▁▂▃▄▅▆▇█"
UPPER_HALF = "▀"
CORONAL = CUTS[0]
WIDEST = 48
"""Characters across a section at most."""
SHADES = (
    ("█", "bone"),
    ("▓", "new bone with mineral"),
    ("▒", "cartilage"),
    ("│", "implant"),
)
"""What a section without colours is drawn with; nothing where none of them prevails."""


def sparkline(values: Sequence[float] | Array, width: int, *, log: bool = False) -> str:
    """Return a curve as one line of blocks, the last value at its right end.

    Parameters
    ----------
    values
        At even distances; averaged where there are more than fit.
    width
        Characters at most.
    log
        Whether equal ratios take equal heights, over a decade at least; else zero is at the foot.
    """
    if len(values) == 0:
        return ""
    groups = np.array_split(np.asarray(values, dtype=float), min(width, len(values)))
    heights = np.array([group.mean() for group in groups])
    low, high = 0.0, float(heights.max())
    if log:
        positive = heights[heights > 0]
        heights = np.log10(np.maximum(heights, positive.min() if positive.size else 1.0))
        high = float(heights.max())
        low = min(float(heights.min()), high - 1.0)
    shares = (heights - low) / (high - low) if high > low else np.zeros(heights.size)
    return "".join(STEPS[min(int(s * len(STEPS)), len(STEPS) - 1)] for s in shares)


def smaller(picture: Array, columns: int, rows: int) -> Array:
    """Return a picture averaged or repeated to a size, (rows, columns, ...)."""
    height, width = picture.shape[:2]

    def bounds(whole: int, parts: int) -> list[tuple[int, int]]:
        edges = np.linspace(0, whole, parts + 1)
        return [(int(a), max(math.ceil(b), int(a) + 1)) for a, b in pairwise(edges)]

    across = np.stack([picture[:, a:b].mean(axis=1) for a, b in bounds(width, columns)], axis=1)
    return np.stack([across[a:b].mean(axis=0) for a, b in bounds(height, rows)], axis=0)


def size_of(picture: Array, widest: int) -> tuple[int, int]:
    """Return columns and rows of characters for a picture; a character is twice as high as wide."""
    columns = min(picture.shape[1], widest)
    rows = max(round(columns * picture.shape[0] / picture.shape[1] / 2), 1)
    return columns, rows


def coloured(anatomy: Anatomy, fields: Mapping[str, Array], widest: int = WIDEST) -> Text:
    """Return the coronal section of a snapshot in colour, two voxels to a character."""
    picture = Ground.of(anatomy, CORONAL).coloured(fields)
    columns, rows = size_of(picture, widest)
    levels = np.rint(smaller(picture.astype(float), columns, 2 * rows)).astype(int)
    text = Text()
    for row in range(rows):
        for upper, lower in zip(levels[2 * row], levels[2 * row + 1], strict=True):
            style = Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))
            text.append(UPPER_HALF, style)
        text.append("\n")
    text.rstrip()
    return text


def shaded(anatomy: Anatomy, fields: Mapping[str, Array], widest: int = WIDEST) -> Text:
    """Return the coronal section of a snapshot in shades: what prevails in each place."""
    parts = np.stack(
        [
            section(values, CORONAL, anatomy.grid)
            for values in (
                anatomy.bone,
                fields["mineralised"] * anatomy.open,
                fields["cartilage"] * anatomy.open,
                anatomy.metal,
            )
        ],
        axis=-1,
    )
    columns, rows = size_of(parts, widest)
    means = smaller(parts, columns, rows)
    rest = np.clip(1.0 - means.sum(axis=-1, keepdims=True), 0.0, None)
    letters = [*(letter for letter, _ in SHADES), " "]
    most = np.concatenate([means, rest], axis=-1).argmax(axis=-1)
    return Text("\n".join("".join(letters[k] for k in row).rstrip() for row in most))


def legend(fields: Mapping[str, Array], *, is_coloured: bool) -> Text:
    """Return what the characters of a section stand for, of what there is in it."""
    if not is_coloured:
        return Text("\n".join(f"{letter} {words}" for letter, words in SHADES))
    text = Text()
    grown = composition({name: fields[name] for name in FILLING if name in fields})
    for shade in (*(s for s in TISSUES if grown[s.key].any()), *SITE[:2]):
        text.append("██", shade.colour)
        text.append(f" {shade.label}\n")
    text.rstrip()
    return text
