"""Where things lie in a run's folder, what may be written there, and who writes it now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from trephine.core.errors import InputError, StoreError
from trephine.store.files import read_document, writing

FORMAT = 2
"""Version of the folder's layout; another version is refused, never guessed at."""

CASE, DOCUMENT, PRODUCTS = "case.toml", "run.json", "products.json"
FIELDS, ARRAYS, CHECKPOINT = "fields.zarr", "arrays.zarr", "checkpoint.npz"
COURSE, ANATOMY = "course.fields.", "anatomy."


def describe(path: str | Path) -> dict[str, Any]:
    """Return the plain data of a run's ``run.json``, finished or not.

    Raises
    ------
    InputError
        If the folder holds no run, or one of another layout.
    StoreError
        If the file is damaged.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: there is no such folder; give the folder of a run")
    if not (path / DOCUMENT).is_file():
        raise InputError(f"{path} holds no run; give a folder with a {DOCUMENT}")
    document = read_document(path / DOCUMENT)
    if document.get("format") != FORMAT:
        raise InputError(
            f"{path} holds a run of layout {document.get('format')!r}; this version of trephine "
            f"reads layout {FORMAT}; use the version that made it, or run the case again"
        )
    missing = {"status", "case", "settings", "provenance", "seed"} - set(document)
    if missing:
        raise StoreError(f"{path / DOCUMENT} is damaged: it lacks {', '.join(sorted(missing))}")
    return document


def refuse_occupied(path: Path) -> None:
    """Raise InputError when a folder to start a run in exists and is not empty."""
    if not path.exists():
        return
    if not path.is_dir():
        raise InputError(f"{path} is a file; choose a folder for --out")
    with writing(path):
        is_empty = next(path.iterdir(), None) is None
    if is_empty:
        return
    if not (path / DOCUMENT).is_file():
        raise InputError(f"{path} is not empty and holds no run; choose another --out")
    if describe(path)["status"] == "finished":
        raise InputError(
            f"{path} holds a finished run already; look at it with 'trephine show {path}', "
            "or choose another --out"
        )
    raise InputError(
        f"{path} holds a run that has not ended; continue it with --resume, or choose another --out"
    )


def homes(names: Mapping[str, Any], *, is_watched: bool = True) -> dict[str, tuple[str, str]]:
    """Return for each array's place in a run the group that holds it, and its name there.

    Parameters
    ----------
    names
        The places of the arrays.
    is_watched
        Whether the fields were written over time, so that they have a group of their own.
    """
    homes: dict[str, tuple[str, str]] = {}
    for name in names:
        if not is_watched:
            homes[name] = (ARRAYS, name)
        elif name.startswith(COURSE):
            homes[name] = (FIELDS, name.removeprefix(COURSE))
        elif name.startswith(ANATOMY):
            homes[name] = (FIELDS, "anatomy_" + name.removeprefix(ANATOMY))
        else:
            homes[name] = (ARRAYS, name)
    return homes


def hold(path: Path) -> IO[bytes]:
    """Lock a run's case file for this process until the answer is closed or the process ends.

    Raises
    ------
    InputError
        If another process holds it.
    """
    with writing(path):
        stream = path.open("r+b")
    try:
        import fcntl  # noqa: PLC0415  (absent on Windows, where nothing guards the folder)
    except ImportError:
        return stream
    try:
        fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        raise InputError(f"{path.parent} is being written by another process") from None
    return stream
