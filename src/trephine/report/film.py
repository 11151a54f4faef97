"""Owns radiographs as pictures: the window that turns signal into grey, and PNG files."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from trephine.case.run import Run
from trephine.core.types import Series, Voxels
from trephine.report.frames import Frames

Grey = NDArray[np.uint8]
View = Literal["ap", "lateral"]
VIEWS: tuple[View, View] = ("ap", "lateral")

SMALLEST_EDGE = 240
"""Saved films are magnified by a whole number until their shorter edge has this many pixels."""


@dataclass(frozen=True)
class Window:
    """Attenuations shown black and white; one window for every film of a view."""

    black: float
    white: float

    @classmethod
    def of(cls, films: Series, metal: NDArray[np.bool_]) -> Window:
        """Return the window that spans soft tissue and bone; metal is whiter than white.

        Parameters
        ----------
        films
            Signal relative to the open beam, (time, row, column) [-].
        metal
            Where the beam meets the implant, (row, column).
        """
        seen = attenuation(films)
        bone = seen[:, ~metal] if (~metal).any() else seen
        black, white = np.quantile(bone, (0.01, 0.99))
        room = max(float(white - black), 1e-6)
        return cls(float(black) - 0.05 * room, float(white) + 0.1 * room)

    def grey(self, film: Series) -> Grey:
        """Return grey levels, bone white, of one film or many."""
        share = (attenuation(film) - self.black) / (self.white - self.black)
        levels: Grey = np.rint(255 * np.clip(share, 0.0, 1.0)).astype(np.uint8)
        return levels


def attenuation(signal: Series) -> Series:
    """Return the line integral that a signal stands for, -ln(signal) [-]."""
    depth: Series = -np.log(np.maximum(signal, 1e-6))
    return depth


def shadow(metal: Voxels, view: View, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return where the implant lies on a film, (row, column); rows run from head to foot."""
    cast = metal.max(axis=1 if view == "ap" else 0).T[::-1] > 0.02
    rows = np.arange(shape[0]) * cast.shape[0] // shape[0]
    columns = np.arange(shape[1]) * cast.shape[1] // shape[1]
    found: NDArray[np.bool_] = cast[np.ix_(rows, columns)]
    return found


def films(run: Run, frames: Frames) -> dict[View, Grey]:
    """Return the grey levels of the shown films of each view, (frame, row, column)."""
    found: dict[View, Grey] = {}
    for view in VIEWS:
        signal = _signal(run, view)
        window = Window.of(signal, shadow(run.anatomy.metal, view, signal.shape[1:]))
        found[view] = window.grey(signal[frames.visit])
    return found


def _signal(run: Run, view: View) -> Series:
    seen = run.follow_up
    return seen.radiograph_ap if view == "ap" else seen.radiograph_lateral


def magnified(grey: Grey, least: int = SMALLEST_EDGE) -> Grey:
    """Return a film interpolated to a size a person can look at; the content is the same."""
    times = max(1, -(-least // min(grey.shape)))
    if times == 1:
        return grey
    smooth = zoom(grey.astype(np.float64), times, order=3, mode="nearest", grid_mode=True)
    levels: Grey = np.rint(np.clip(smooth, 0, 255)).astype(np.uint8)
    return levels


def png(picture: Grey, pixel: float | None = None) -> bytes:
    """Return an 8-bit PNG of a grey (row, column) or colour (row, column, 3) picture.

    Parameters
    ----------
    picture
        The levels.
    pixel
        Edge of a pixel [m], written into the file where given.
    """
    height, width = picture.shape[:2]
    colour = 2 if picture.ndim == 3 else 0
    lines = np.zeros((height, 1 + width * (3 if colour else 1)), dtype=np.uint8)
    lines[:, 1:] = picture.reshape(height, -1)
    chunks = [_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))]
    if pixel is not None:
        per_metre = round(1 / pixel)
        chunks.append(_chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)))
    chunks += [_chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def write_radiographs(run: Run, folder: Path) -> list[Path]:
    """Write every film of a run as ``{ap,lateral}_week_NN.png`` and return the files.

    Weeks that are no whole number keep their decimals, for example ``ap_week_0.5.png``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weeks = run.follow_up.week
    digits = max(2, len(str(int(weeks[-1]))))
    written = []
    for view in VIEWS:
        signal = _signal(run, view)
        window = Window.of(signal, shadow(run.anatomy.metal, view, signal.shape[1:]))
        for week, film in zip(weeks, signal, strict=True):
            whole = abs(week - round(float(week))) < 1e-6
            name = f"{round(float(week)):0{digits}d}" if whole else f"{float(week):.6f}".rstrip("0")
            large = magnified(window.grey(film))
            pixel = run.follow_up.pixel * film.shape[0] / large.shape[0]
            path = folder / f"{view}_week_{name}.png"
            path.write_bytes(png(large, pixel))
            written.append(path)
    return written
