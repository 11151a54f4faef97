"""``trephine export``: a finished run in the formats of other programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trephine.core.errors import InputError

if TYPE_CHECKING:
    from trephine.case.run import Run


def export(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of the run.")],
    *,
    is_vtk_wanted: Annotated[
        bool, typer.Option("--vtk", help="The fields over time for ParaView.")
    ] = False,
    is_nifti_wanted: Annotated[
        bool, typer.Option("--nifti", help="The fields over time for image viewers.")
    ] = False,
    is_csv_wanted: Annotated[
        bool, typer.Option("--csv", help="Course, visits, dose and budgets as tables.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder to write to.", show_default="RUN/export"),
    ] = None,
) -> None:
    """Write a finished run for ParaView, image viewers or spreadsheets.

    Each format gets a folder of its own, which must not exist yet.
    """
    from trephine.store import export as formats
    from trephine.store.runs import load

    ways: dict[str, tuple[bool, Callable[[Run, Path], Any]]] = {
        "vtk": (is_vtk_wanted, formats.write_vtk),
        "nifti": (is_nifti_wanted, write_nifti),
        "csv": (is_csv_wanted, formats.write_csv),
    }
    wanted = {name: write for name, (is_wanted, write) in ways.items() if is_wanted}
    if not wanted:
        raise InputError("say what to write: --vtk, --nifti or --csv, or several of them")
    place = folder / "export" if out is None else out
    for name in wanted:
        if (place / name).exists():
            raise InputError(f"{place / name} exists already; remove it or choose another --out")
    run = load(folder)
    for name, write in wanted.items():
        write(run, place / name)
        typer.echo(str(place / name))


def write_nifti(run: Run, folder: Path) -> None:
    """Write each field over time and each part of the anatomy as a NIfTI file.

    A field is one file with axes (x, y, z, time); ``units.json`` holds units and days. The
    affine leads to the lesion's own axes, RAS [mm]: right, front and head of the patient, with
    z along the shaft and the gap in the middle.
    """
    import numpy as np

    from trephine.case.course import UNITS
    from trephine.intake import nifti
    from trephine.store.export import ANATOMY_UNITS
    from trephine.store.files import write_document, writing

    affine = run.anatomy.grid.affine_ras_mm()
    step = float(run.case.plan.follow_up.interval)
    with writing(folder):
        folder.mkdir(parents=True)
        for name, values in run.course.fields.items():
            moved = np.moveaxis(np.asarray(values), 0, -1)
            nifti.write(folder / f"{name}.nii.gz", moved, affine, time_step=step)
        for name in ANATOMY_UNITS:
            values = getattr(run.anatomy, name).astype(np.float32)
            nifti.write(folder / f"anatomy_{name}.nii.gz", values, affine)
    write_document(
        folder / "units.json",
        {
            "case": run.case.name,
            "days": [float(day) for day in run.course.day],
            "units": {name: UNITS[name] for name in run.course.fields}
            | {f"anatomy_{name}": unit for name, unit in ANATOMY_UNITS.items()},
        },
    )
