"""Owns writing a case made from a scan: all of its files or none, and none over another."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trephine.case.case import Case
from trephine.case.case import write as write_case
from trephine.core.errors import InputError
from trephine.intake import scan
from trephine.intake.scan import Kept


@dataclass(frozen=True)
class Places:
    """Where the three files of a case go."""

    case: Path
    density: Path
    labels: Path


def free_places(out: Path, name: str) -> Places:
    """Return where the files of a case go, refusing places that are taken."""
    places = Places(
        out / f"{name}.toml", out / f"{name}_density.nii.gz", out / f"{name}_labels.nii.gz"
    )
    for path in (places.case, places.density, places.labels):
        if path.exists():
            raise InputError(f"{path} exists already; give another name or folder, or remove it")
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; give a folder to write to")
    return places


def write(places: Places, kept: Kept, finished: Callable[[dict[str, str]], Case]) -> None:
    """Write the files of a case: first beside their places, then all moved there.

    Parameters
    ----------
    places
        Where they go.
    kept
        What the case keeps of the scan.
    finished
        Gives the case for the names and the digest of the files of the scan.

    Raises
    ------
    InputError
        If they cannot be written; nothing is left behind then.
    """
    out = places.case.parent
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".intake-") as folder:
            new = Places(
                *(Path(folder) / path.name for path in (places.case, places.density, places.labels))
            )
            contents = scan.write(kept, new.density, new.labels)
            table = {
                "density": places.density.name,
                "labels": places.labels.name,
                "contents": contents,
            }
            write_case(finished(table), new.case)
            # the case file goes last, so that a case never names files that are not there
            for source, target in (
                (new.density, places.density),
                (new.labels, places.labels),
                (new.case, places.case),
            ):
                shutil.move(source, target)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror or error})") from None
