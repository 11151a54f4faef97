"""Owns the page's pictures as blocks of bytes: arrays packed in Python, unpacked by the page."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
FIRST = "first"
"""The block that the page unpacks when it opens; the others wait until they are asked for."""


@dataclass
class Pack:
    """Arrays of bytes in blocks, with a list of where each begins.

    An array over time is stored as its first frame and then differences from frame to frame,
    modulo 256: tissue changes slowly, so most differences are zero and compress well.
    """

    parts: dict[str, list[bytes]] = field(default_factory=dict)
    contents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, values: Bytes, *, over_time: bool = False, block: str = FIRST) -> None:
        """Put an array in; its first axis is the frame where it changes over time."""
        stored = np.ascontiguousarray(values)
        if over_time:
            stored = np.concatenate([stored[:1], np.diff(stored, axis=0)])
        parts = self.parts.setdefault(block, [])
        self.contents[name] = {
            "block": block,
            "start": sum(map(len, parts)),
            "shape": list(values.shape),
            "overTime": over_time,
        }
        parts.append(stored.tobytes())

    def texts(self) -> dict[str, str]:
        """Return each block, compressed (zlib) and in base64."""
        return {
            name: base64.b64encode(zlib.compress(b"".join(parts), 7)).decode()
            for name, parts in self.parts.items()
        }

    def contents_json(self) -> str:
        """Return where each array begins, its shape, and whether it holds differences."""
        return json.dumps(self.contents, separators=(",", ":"))


def unpack(texts: dict[str, str], contents: str) -> dict[str, Bytes]:
    """Return the arrays of a pack, as the page's script reads them."""
    blocks = {
        name: np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
        for name, text in texts.items()
    }
    arrays: dict[str, Bytes] = {}
    for name, place in json.loads(contents).items():
        size = int(np.prod(place["shape"]))
        data = blocks[place["block"]][place["start"] : place["start"] + size]
        stored = data.reshape(place["shape"])
        total = np.cumsum(stored, axis=0, dtype=np.uint8) if place["overTime"] else stored
        arrays[name] = total
    return arrays
