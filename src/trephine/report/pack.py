"""Owns the page's pictures as one block of bytes: arrays packed in Python, unpacked by the page."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


@dataclass
class Pack:
    """Arrays of bytes with a list of where each begins.

    An array over time is stored as its first frame and then differences from frame to frame,
    modulo 256: tissue changes slowly, so most differences are zero and compress well.
    """

    parts: list[bytes] = field(default_factory=list)
    contents: dict[str, dict[str, Any]] = field(default_factory=dict)
    length: int = 0

    def add(self, name: str, values: Bytes, *, over_time: bool = False) -> None:
        """Put an array in; its first axis is the frame where it changes over time."""
        stored = np.ascontiguousarray(values)
        if over_time:
            stored = np.concatenate([stored[:1], np.diff(stored, axis=0)])
        data = stored.tobytes()
        self.contents[name] = {
            "start": self.length,
            "shape": list(values.shape),
            "overTime": over_time,
        }
        self.parts.append(data)
        self.length += len(data)

    def as_text(self) -> str:
        """Return all arrays, compressed (zlib) and in base64."""
        return base64.b64encode(zlib.compress(b"".join(self.parts), 9)).decode()

    def contents_json(self) -> str:
        """Return where each array begins, its shape, and whether it holds differences."""
        return json.dumps(self.contents, separators=(",", ":"))


def unpack(text: str, contents: str) -> dict[str, Bytes]:
    """Return the arrays of a pack, as the page's script reads them."""
    data = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    arrays: dict[str, Bytes] = {}
    for name, place in json.loads(contents).items():
        size = int(np.prod(place["shape"]))
        stored = data[place["start"] : place["start"] + size].reshape(place["shape"])
        total = np.cumsum(stored, axis=0, dtype=np.uint8) if place["overTime"] else stored
        arrays[name] = total
    return arrays
