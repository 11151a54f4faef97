"""Outcomes of a trial kept in its folder, one file each, so that a killed trial goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from trephine.core import digest
from trephine.core.errors import InputError
from trephine.store.files import read_document, write_document, writing
from trephine.study.outcomes import PatientOutcome

TRIAL = "trial.json"
"""File of a trial's folder that says what was asked for."""
CELLS = "cells"
"""Folder of the outcomes."""
FORMAT = 1


def opened(folder: Path, asked: Mapping[str, Any], is_resumed: object) -> Path:
    """Return the folder of a trial, made where it is not there.

    Parameters
    ----------
    folder
        Where.
    asked
        What was asked for, as plain data.
    is_resumed
        Whether the folder may hold part of the same trial already.

    Raises
    ------
    InputError
        If it holds something else, or the same and was not to go on.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; choose a folder for --out")
    if (folder / TRIAL).is_file():
        document = read_document(folder / TRIAL)
        if not is_resumed:
            raise InputError(
                f"{folder} holds a trial already; go on with --resume, or choose another --out"
            )
        if document.get("digest") != digest.of_document(dict(asked)):
            raise InputError(
                f"{folder} holds a trial of another file, seed, voxel, number of patients, program "
                "or catalogue; choose another --out"
            )
        return folder
    with writing(folder):
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"{folder} is not empty; choose another --out")
        (folder / CELLS).mkdir(parents=True, exist_ok=True)
    name = digest.of_document(dict(asked))
    write_document(folder / TRIAL, {"format": FORMAT, "digest": name, "asked": dict(asked)})
    return folder


def outcomes(folder: Path, names: Iterable[str]) -> dict[str, PatientOutcome]:
    """Return those of the named outcomes that the folder holds."""
    with writing(folder):
        there = {path.stem for path in (folder / CELLS).glob("*.json")}
    return {
        name: PatientOutcome.read(read_document(folder / CELLS / f"{name}.json"))
        for name in names
        if name in there
    }


def keep(folder: Path, name: str, outcome: PatientOutcome) -> None:
    """Write an outcome, whole or not at all."""
    write_document(folder / CELLS / f"{name}.json", outcome.as_written())
