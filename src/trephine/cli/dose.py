"""``trephine dose``: how many cells come from the needle to the lesion, and how sure that is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trephine.core.errors import InputError

if TYPE_CHECKING:
    from trephine.case.case import Case
    from trephine.case.prescription import Prescription


FEWEST = 100
"""Samples below which the ends of an interval of 95 % are told by one or two of them."""


def dose(
    case: Annotated[Path, typer.Argument(metavar="CASE.toml", help="The case file.")],
    *,
    draws: Annotated[
        int,
        typer.Option(
            "--samples",
            "--draws",
            metavar="N",
            help=f"Samples of luck and numbers, {FEWEST} at least.",
        ),
    ] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Luck; the same seed, the same numbers.")] = 0,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PLACE=VALUE",
            help="Change the case, for example plan.steps.3.harvest.draws='[\"30 x 2 mL\"]'; "
            "may be repeated.",
        ),
    ] = None,
    prescription: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What the dose should reach, for example 'at least 30,000 progenitors and 1,500 "
            "per mL in the lesion (Paris assay)'.",
        ),
    ] = None,
    printed: Annotated[
        bool,
        typer.Option("--printed", help="Take the catalogue's numbers as printed; vary luck alone."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for dose.json and the figure dose.svg."),
    ] = None,
    is_json_wanted: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON.")
    ] = False,
    is_quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the dose and the chance alone.")
    ] = False,
) -> None:
    """Tell the dose of a case from needle to lesion, with its spread and what drives it.

    Every number of the catalogue that states a spread is drawn from it, and so is the luck of
    donor, needle and device. Nothing is healed; the answer takes seconds.
    """
    from trephine.case.case import need_shaft, read
    from trephine.case.prescription import REFERENCE
    from trephine.case.prescription import read as read_prescription
    from trephine.cli import example, overrides

    if not case.exists() and case.stem in example.names():
        raise InputError(
            f"{case}: there is no such file; write the example with "
            f"'trephine example {case.stem} --out {case}'"
        )
    if draws < FEWEST:
        raise InputError(
            f"--samples {draws}: {draws} samples tell no interval of 95 %; ask for {FEWEST} to "
            "1,000,000"
        )
    asked = need_shaft(overrides.changed(read(case), changes or [], case.name), "trephine dose")
    wanted = None if prescription is None else read_prescription(prescription)
    told = computed(
        asked, wanted, draws, seed, REFERENCE if wanted is None else wanted.assay, printed=printed
    )
    if out is not None:
        write(told, out)
    if is_json_wanted:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    from trephine.cli import dose_words
    from trephine.cli.paper import paper

    dose_words.show(told, paper(), is_brief=is_quiet)
    if out is not None:
        typer.echo(f"figure: {out / 'dose.svg'}")


def computed(
    case: Case, wanted: Prescription | None, draws: int, seed: int, assay: str, *, printed: bool
) -> dict[str, Any]:
    """Return the dose of a case as plain data."""
    from trephine.study.dose import Kind, dose
    from trephine.study.drivers import what_drives
    from trephine.study.told import dose_document

    numbers: Kind = "printed" if printed else "drawn"
    found = dose(case, count=draws, seed=seed, beliefs=numbers, assay=assay)
    driven = what_drives(case, found.reaches, seed=seed, beliefs=numbers, assay=assay)
    return dose_document(case, found, driven, wanted)


def write(told: dict[str, Any], folder: Path) -> None:
    """Write dose.json and dose.svg into a folder, which is made where it is not there."""
    from trephine.report.dose import figure
    from trephine.store.files import replacing, write_document, writing

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_document(folder / "dose.json", told)
    with replacing(folder / "dose.svg") as part:
        part.write_text(figure(told), encoding="utf-8")
