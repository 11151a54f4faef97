"""The state a killed run continues from; its file is the mark that a snapshot counts."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trephine.core.errors import StoreError
from trephine.store.files import replacing

COUNT = "count"
STATE = "state/"


def write(path: Path, count: int, state: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write the state after ``count`` snapshots, whole or not at all."""
    entries: dict[str, Any] = {STATE + name: np.asarray(values) for name, values in state.items()}
    entries[COUNT] = np.asarray(count)
    with replacing(path) as part, part.open("wb") as stream:
        np.savez(stream, **entries)


def read(path: Path) -> tuple[int, dict[str, np.ndarray[Any, Any]]] | None:
    """Return the number of snapshots and the state after them, or None where there is none.

    Raises
    ------
    StoreError
        If the file is there but damaged.
    """
    if not path.exists():
        return None
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as entries:
            state = {
                name.removeprefix(STATE): entries[name]
                for name in entries.files
                if name.startswith(STATE)
            }
            return int(entries[COUNT]), state
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise StoreError(
            f"{path} is damaged and the run cannot resume ({error}); start again in another --out"
        ) from error
