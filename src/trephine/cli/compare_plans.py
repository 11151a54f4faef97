"""``trephine compare --with``: one patient under several plans, as a table and a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from trephine.core.errors import StoreError

if TYPE_CHECKING:
    from trephine.case.course_case import CourseCase
    from trephine.case.course_run import CourseRun
    from trephine.report.plan_stills import Stills

Plain = dict[str, Any]

MOST_PRINTED = 2
"""Outcomes of a plan that the terminal tells; the page tells more."""
UNSURE = (
    "One draw, with all numbers as printed. Again with --replicates 20 --resume: nineteen more, of "
    "luck and numbers, and so a span of each number and an interval of each difference."
)
SURER = (
    "Values: the first draw, with all numbers as printed; then the median of {} draws of luck and "
    "numbers with the span of 80 %, from three draws on."
)


def compare_plans(
    path: Path,
    asked: list[str],
    *,
    changes: list[str],
    quality: Literal["draft", "standard", "fine"],
    voxel: str | None,
    seed: int,
    replicates: int,
    folder: Path,
    is_resumed: bool,
    is_json_wanted: bool,
    is_quiet: bool,
    again: str,
) -> None:
    """Run one patient under the plan of the case and others, write the page, print the table."""
    from trephine import pipeline
    from trephine.case.kinds import kind_of, part
    from trephine.case.symptom import SymptomCase
    from trephine.cli.paper import paper
    from trephine.cli.progress import display
    from trephine.cli.run import StoppedError, what_is_asked
    from trephine.report import plans_compared as page
    from trephine.report.added_cells import sentences
    from trephine.report.plan_stills import stills
    from trephine.store.files import WriteError, writing
    from trephine.store.layout import refuse_occupied
    from trephine.store.runs import load_any
    from trephine.study import named_plans, plans_compared
    from trephine.study.added_cells import added

    case, settings = what_is_asked(path, changes, quality, voxel)
    cases = named_plans.plans(case, asked)
    for one in cases.values():
        pipeline.rehearse(one, settings)
    if not is_resumed:
        refuse_occupied(folder)
    report = part(kind_of(case).report)
    pictures: dict[str, Stills | None] = {}
    left_out: list[str] = []

    def finished(name: str, run: CourseRun, place: Path) -> None:
        with writing(place):
            report.write(run, place)
        pictures[name] = stills(run)

    def refused(draw: int, name: str, why: str) -> None:
        left_out.append(f"draw {draw + 1} is left out, for {name} cannot be computed in it: {why}")

    with display(paper(is_for_errors=True), is_quiet=is_quiet) as watch:
        try:
            told = plans_compared.draws(
                cases,
                settings,
                seed=seed,
                replicates=replicates,
                out=folder,
                watch=watch,
                finished=finished,
                refused=refused,
            )
            for name in cases:
                if name not in pictures:
                    pictures[name] = stills(load_any(folder / name / "run"))
            rows = plans_compared.compared(told)
            text = page.html(
                case,
                cases,
                rows,
                told,
                {name: held for name in cases if (held := pictures[name]) is not None},
                {name: _steps(one) for name, one in cases.items()},
                _facts(case, settings.as_written()["voxel"], seed, rows, left_out),
            )
            with writing(folder):
                written = page.write(folder, text)
        except KeyboardInterrupt:
            typer.echo(f"interrupted; go on with: {again}", err=True)
            raise StoppedError from None
        except WriteError as error:
            raise StoreError(f"{error}\n  then go on with: {again}") from error
    cells = sentences(added(cases, told))
    if is_json_wanted:
        found = {"plans": rows, "cells": cells, "left_out": left_out, "page": str(written)}
        typer.echo(json.dumps(found, indent=2))
        return
    show(rows, cells, is_soft=isinstance(case, SymptomCase))
    typer.echo("\n".join([*left_out, f"page: {written}"]))


def _steps(case: CourseCase) -> list[tuple[str, str, str]]:
    """Return day, title and words of each step of a plan."""
    from trephine.report.step_words import steps
    from trephine.report.words import day

    return [(day(when).capitalize(), title, text) for when, title, text in steps(case.plan)]


def _facts(
    case: CourseCase, voxel: str, seed: int, rows: Sequence[Plain], left_out: Sequence[str]
) -> dict[str, str]:
    import trephine
    from trephine.catalogue.load import catalogue

    within = max(row["within"] for row in rows)
    return {
        "Case": case.digest,
        "Catalogue": catalogue().digest,
        "Voxel": voxel,
        "Seed": str(seed),
        "Draws": f"{within} of the posterior" if within else str(rows[0]["draws"]),
        "trephine": trephine.__version__,
        **({"Left out": "; ".join(left_out)} if left_out else {}),
    }


def show(rows: Sequence[Plain], cells: Sequence[str], *, is_soft: bool) -> None:
    """Print the table of the plans: a line for each outcome, and how to read it."""
    from trephine.cli.paper import paper, table
    from trephine.report.plan_rows import cell, ended, happened, shown, waited, waited_for

    names = shown(rows)[:MOST_PRINTED]
    printed = table(
        "Plan", "Outcome", "Value", "To the plan", title="One patient and one luck under each plan"
    )
    printed.columns[0].no_wrap = True
    for number, row in enumerate(rows):
        printed.add_row(row["plan"], ended(row["sentence"] or ""), "", "")
        if row["draws"] > 1 and "event" in row:
            share, apart = happened(row)
            said = f"{row['event']['name']}, of {row['draws']} draws"
            printed.add_row("", said, share, apart if number else "")
            mean, apart = waited(row)
            printed.add_row("", waited_for(row), mean, apart if number else "")
        for key in names:
            one = cell(row, key)
            between = "; " if row["draws"] > 1 else " "
            value = between.join(filter(None, (one.value, one.span)))
            printed.add_row("", key, value, one.difference if number else "")
    console = paper()
    console.print(printed)
    draws = rows[0]["draws"]
    how = UNSURE if draws == 1 else SURER.format(draws)
    for line in (*_better(rows, names), *cells, *([] if is_soft else [how])):
        console.print(line, soft_wrap=True)


def _better(rows: Sequence[Plain], names: Sequence[str]) -> list[str]:
    """Return which sign of each difference that is printed is better for the patient."""
    from trephine.report.plan_rows import better, event_better

    said = []
    event = next((row for row in rows if "event" in row), None)
    if event is not None and event["draws"] > 1:
        name, (share, weeks) = event["event"]["name"], event_better(event)
        said += [f"{name}: {share}", f"Mean weeks until {name.lower()}: {weeks}"]
    return said + [f"{name}: {which}" for name in names if (which := better(rows[0], name))]
