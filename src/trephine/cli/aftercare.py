"""``trephine aftercare``: a dated sheet for the patient, each line with its grounds."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trephine.core.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from trephine.study.aftercare import Sheet


def aftercare(
    case: Annotated[Path, typer.Argument(metavar="CASE.toml", help="The case file.")],
    *,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Date of day 0 as 2027-03-01; days are counted unless it is given.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for aftercare.html, one page to print."),
    ] = None,
    is_json_wanted: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON.")
    ] = False,
) -> None:
    """Print what a patient with this plan is told, before, on the day and after.

    Each line says on what grounds it stands; what only custom supports is said to be customary.
    The sheet is no medical advice.
    """
    from trephine.case.case import read
    from trephine.cli import example
    from trephine.study.aftercare import aftercare as sheet_of

    example.refuse_missing(case)
    sheet = sheet_of(read(case), day(start))
    if out is not None:
        from trephine.report.aftercare import write
        from trephine.store.files import writing

        with writing(out):
            page = write(sheet, out)
    if is_json_wanted:
        typer.echo(json.dumps(sheet.as_plain(), indent=2, ensure_ascii=False))
        return
    from trephine.cli.paper import paper

    show(sheet, paper())
    if out is not None:
        typer.echo(f"page: {page}")


def day(text: str | None) -> dt.date | None:
    """Return a date from its text.

    Raises
    ------
    InputError
        If it is no date as ISO 8601 writes it.
    """
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--start {text}: write a date as 2027-03-01") from None


def show(sheet: Sheet, console: Console) -> None:
    """Print the sheet, each line below the day that it is for."""
    from rich.padding import Padding

    from trephine.catalogue.aftercare import PHASES
    from trephine.study.aftercare import GROUNDS, NO_ADVICE

    console.print(NO_ADVICE, style="bold")
    console.print(f"\nAftercare: {sheet.name}")
    for phase, title in PHASES.items():
        lines = sheet.of(phase)
        if not lines:
            continue
        console.print(f"\n{title}", style="bold")
        dated = ""
        for line in lines:
            if (when := sheet.dated(line)) != dated:
                console.print(Padding(when or "No date", (0, 0, 0, 2)), style="italic")
                dated = when
            mark = GROUNDS["custom"] if line.grade == "custom" else line.grade
            grounds = "; ".join(x for x in (mark, ", ".join(line.sources), line.access) if x)
            console.print(Padding(f"{line.text} ({grounds})", (0, 0, 0, 4)))
    console.print()
    for gap in sheet.gaps:
        console.print(f"Note: {gap}")
    used = {line.grade for line in sheet.lines} - {"custom"}
    marks = "; ".join(f"{mark} = {GROUNDS[mark]}" for mark in GROUNDS if mark in used)
    console.print(f"Grounds: {marks}")
