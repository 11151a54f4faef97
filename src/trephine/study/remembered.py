"""What a search has found so far, kept in its folder, so that a killed one goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trephine.core.errors import InputError
from trephine.store.files import read_document, write_document, writing
from trephine.study.asked import Asked, Memory

SEARCH = "search.json"
"""File of a planner's folder that holds how far it is."""
FORMAT = 2


def begun(folder: Path, asked: Asked) -> Memory:
    """Return the memory of a new search in a folder, which is made where it is not there.

    Raises
    ------
    InputError
        If the folder holds something already.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; choose a folder for --out")
    with writing(folder):
        if folder.exists() and any(folder.iterdir()):
            if (folder / SEARCH).is_file():
                if not _is_of(read_document(folder / SEARCH), asked):
                    raise InputError(_of_another(folder))
                raise InputError(
                    f"{folder} holds this search already; go on with --resume, or choose another "
                    "--out"
                )
            raise InputError(f"{folder} is not empty; choose another --out")
        folder.mkdir(parents=True, exist_ok=True)
    memory = _memory(folder, asked, {}, {})
    memory.keep()
    return memory


def resumed(folder: Path, asked: Asked) -> Memory:
    """Return the memory of the search in a folder.

    Raises
    ------
    InputError
        If it holds none, or one that was asked for something else.
    """
    if not (folder / SEARCH).is_file():
        raise InputError(f"{folder} holds no search; leave out --resume, or give its folder")
    document = read_document(folder / SEARCH)
    if not _is_of(document, asked):
        raise InputError(_of_another(folder))
    gains = {int(h): list(values) for h, values in document["gains"].items()}
    return _memory(folder, asked, gains, document["ladders"])


def _is_of(document: dict[str, Any], asked: Asked) -> bool:
    return document.get("format") == FORMAT and document.get("asked") == asked.digest


def _of_another(folder: Path) -> str:
    return (
        f"{folder} holds the search of another case, brief, prescription, seed, number of "
        "samples or catalogue; choose another --out"
    )


def _memory(
    folder: Path,
    asked: Asked,
    gains: dict[int, list[float]],
    ladders: dict[str, dict[str, dict[str, Any]]],
) -> Memory:
    name = asked.digest

    def keep() -> None:
        write_document(
            folder / SEARCH,
            {"format": FORMAT, "asked": name, "gains": gains, "ladders": ladders},
        )

    return Memory(gains, ladders, keep)
