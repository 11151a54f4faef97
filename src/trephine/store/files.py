"""Small files on disk: replaced whole or not at all, and a failed write told in one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trephine.core.errors import StoreError

PART = ".part"
"""Ending of a file that is being written and does not count yet."""


class WriteError(StoreError):
    """Raise when the system refuses a write; what was written before it still counts."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says against a write below ``path`` into a WriteError."""
    try:
        yield
    except OSError as error:
        raise WriteError(f"cannot write {path}: {reason(error)}") from error


def reason(error: OSError) -> str:
    """Return what the system said, in lower case, with what helps."""
    words = (error.strerror or str(error) or type(error).__name__).lower()
    return f"{words}; make room there or choose another --out"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name to write to, and put it in the place of ``path`` at the end.

    A reader sees the old file or the new one, never half of one.
    """
    part = path.with_name(path.name + PART)
    try:
        with writing(path):
            yield part
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write plain data as JSON, whole or not at all."""
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def read_document(path: Path) -> dict[str, Any]:
    """Return the plain data of a JSON file, or raise StoreError when it is damaged."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} is damaged and cannot be read ({error})") from error
    if not isinstance(document, dict):
        raise StoreError(f"{path} is damaged: it holds no table")
    return document
