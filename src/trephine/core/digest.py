"""Content names: the same content has the same digest on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def canonical(value: object) -> str:
    """Return canonical JSON: sorted keys, no spaces, floats as their shortest exact text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def of_document(value: object) -> str:
    """Return the digest of anything JSON can hold, 16 hexadecimal characters."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]


def of_arrays(arrays: Mapping[str, np.ndarray[Any, Any]]) -> str:
    """Return the digest of named arrays: names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}|{array.dtype.str}|{array.shape}|".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def of_file(path: Path) -> str:
    """Return the digest of a file's bytes, 64 hexadecimal characters."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
