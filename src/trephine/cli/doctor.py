"""``trephine doctor``: whether this installation can do its work, and with what."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata, util
from pathlib import Path
from typing import Annotated

import typer

from trephine.core.errors import TrephineError

FAILED = 1
OLDEST_PYTHON = (3, 11)
LEAST_ROOM = 1e9
"""Free space a run at draft quality may want, with a margin [byte]."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was found, and whether it will do."""

    name: str
    found: str
    is_good: bool


class UnfitError(Exception):
    """Raise inside a check for what is there but will not do."""


def doctor(
    folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where runs are to be written.")
    ] = Path("runs"),
    is_json_wanted: Annotated[
        bool, typer.Option("--json", help="Print the checks as JSON.")
    ] = False,
) -> None:
    """Check the installation: Python, libraries, array engine, catalogue and disk.

    Exits 1 when something will not do.
    """
    checks = examine(folder)
    if is_json_wanted:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        from trephine.cli.paper import paper, table

        rows = table("Check", "Found", "Good")
        for check in checks:
            rows.add_row(check.name, check.found, "yes" if check.is_good else "NO")
        paper().print(rows)
    if not all(check.is_good for check in checks):
        raise typer.Exit(FAILED)


def examine(folder: Path) -> list[Check]:
    """Return every check, each made whether or not the ones before it were good."""
    from trephine.core.provenance import LIBRARIES

    jobs: list[tuple[str, Callable[[], str]]] = [("Python", _python), ("System", _system)]
    jobs += [(name, partial(_library, name)) for name in LIBRARIES]
    jobs += [
        ("DICOM compression", _decoder),
        ("Array engine", _engine),
        ("Catalogue", _catalogue),
        ("Parameters", _parameters),
        ("Disk", partial(_disk, folder)),
        ("Runs", _runs),
    ]
    return [_made(name, job) for name, job in jobs]


def _made(name: str, job: Callable[[], str]) -> Check:
    try:
        return Check(name, job(), is_good=True)
    except (UnfitError, TrephineError, OSError, ImportError, RuntimeError) as error:
        return Check(name, str(error) or type(error).__name__, is_good=False)


def _python() -> str:
    if sys.version_info < OLDEST_PYTHON:
        raise UnfitError(f"{platform.python_version()}; at least 3.11 is needed")
    return platform.python_version()


def _system() -> str:
    from trephine.core.provenance import machine

    may_use = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(_cores())
    return f"{machine()}, {len(may_use)} of {_cores()} cores"


def _cores() -> int:
    return os.cpu_count() or 1


def _library(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        raise UnfitError("not installed") from None


def _decoder() -> str:
    if util.find_spec("gdcm") is None:
        return "uncompressed only; pip install 'trephine[dicom]' reads compressed slices"
    return f"python-gdcm {_library('python-gdcm')}"


def _engine() -> str:
    import jax
    import jax.numpy as jnp

    import trephine.numerics

    total = jnp.sum(jnp.arange(4, dtype=jnp.float64) / 3.0)
    if total.dtype != jnp.float64 or abs(float(total) - 2.0) > 1e-15:
        raise UnfitError(f"{trephine.numerics.__name__} does not compute in double precision")
    return ", ".join(f"{device.platform}:{device.id}" for device in jax.devices())


def _catalogue() -> str:
    from trephine.catalogue.load import catalogue

    facts = catalogue()
    if not facts.records:
        raise UnfitError("holds no record")
    count, waiting, chosen = len(facts.records), len(facts.provisional), len(facts.chosen)
    return f"{count} records, {waiting} provisional, {chosen} chosen, {facts.digest}"


def _parameters() -> str:
    from trephine.catalogue.load import catalogue
    from trephine.models.beliefs import Beliefs

    beliefs = Beliefs.printed()
    chosen = len(catalogue().chosen & set(beliefs.used))
    return f"{len(beliefs.used)} numbers, {len(beliefs.provisional)} provisional, {chosen} chosen"


def _disk(folder: Path) -> str:
    place = folder.resolve()
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise UnfitError(f"{place} cannot be written; choose another --out")
    free = shutil.disk_usage(place).free
    found = f"{place}, {free / 1e9:.1f} GB free"
    if free < LEAST_ROOM:
        raise UnfitError(f"{found}; a run wants {LEAST_ROOM / 1e9:.0f} GB")
    return found


def _runs() -> str:
    import numpy as np

    from trephine.core.grid import Grid
    from trephine.store.arrays import FieldSeries

    with tempfile.TemporaryDirectory() as folder:
        series = FieldSeries(Path(folder) / "fields.zarr", Grid((2, 2, 2), 1.0, (0.0, 0.0, 0.0)))
        series.start()
        values = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
        series.append(0, 0.0, {"woven": values})
        if not np.array_equal(series.snapshot(0)["woven"], values):
            raise UnfitError("what was written is not what is read")
    return "fields are read back as written"
