"""``trephine qualify``: every trial of a folder, beside what was published, hits and misses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trephine.core.errors import InputError, TrephineError

if TYPE_CHECKING:
    from rich.console import Console

Plain = dict[str, Any]

RESULT = "qualify.json"
BEGUN = "begun.json"
TESTED = "verification.xml"
MOST = 8
"""Virtual patients of an arm, so that every trial takes less than an hour on two cores."""


class StaleError(TrephineError):
    """Raise when what was written about misses does not fit what was found."""


def qualify(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of trial files.")],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the qualification.")] = Path(
        "qualification"
    ),
    workers: Annotated[
        int, typer.Option(min=1, metavar="N", help="Processes; they change no number.")
    ] = 1,
    patients: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Virtual patients of an arm at most; fewer where gaps ask for fine voxels.",
        ),
    ] = MOST,
    seed: Annotated[int, typer.Option(min=0, help="Luck; the same seed, the same numbers.")] = 0,
    voxel: Annotated[
        str, typer.Option(help="Edge of a voxel with its unit, finer where a gap is narrower.")
    ] = "1.5 mm",
    tests: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of verification tests to run and count."),
    ] = None,
    misses: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Why published values are missed.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the qualification in the folder.")
    ] = False,
    is_json_wanted: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON.")
    ] = False,
    is_quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Run every trial of a folder and tell what lies inside the intervals and what does not.

    Each published value stands beside the mean and the 90 % interval of a trial of its size, fitted
    ones apart from those that were not. The folder keeps every outcome, qualify.json and
    qualify.html; an interrupted qualification goes on with --resume, to the same numbers.
    """
    from trephine.cli.paper import paper
    from trephine.cli.progress import display
    from trephine.cli.trial import settings_of
    from trephine.report import qualify as page
    from trephine.store.files import write_document
    from trephine.study import misses as explanations
    from trephine.study.columns import COLUMNS, digests, others
    from trephine.study.qualified_document import document
    from trephine.study.qualify import qualify as qualified
    from trephine.study.qualify import trials_of

    trials = trials_of(folder)
    explained = {} if misses is None else explanations.read(misses)
    begin(out, is_resumed=resume)
    verification = None if tests is None else run_tests(tests, out / TESTED, workers)
    with display(paper(is_for_errors=True), is_quiet=is_quiet) as watch:
        try:
            found = qualified(
                trials,
                settings=settings_of(voxel),
                seed=seed,
                most=patients,
                workers=workers,
                out=out / "trials",
                resume=resume,
                others=others(),
                explained=explained,
                watch=watch,
            )
        except KeyboardInterrupt:
            from trephine.cli.run import StoppedError

            typer.echo("interrupted; the same command with --resume goes on", err=True)
            raise StoppedError from None
    told = document(found, COLUMNS, digests()) | {"verification": verification}
    write_document(out / RESULT, told)
    page.write(told, out)
    if is_json_wanted:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        show(told, paper())
        typer.echo(f"report: {out / page.PAGE}")
    refuse(told)


def begin(out: Path, *, is_resumed: bool) -> None:
    """Open the folder of a qualification; what another program began is not gone on with."""
    from trephine.store.files import read_document, write_document, writing
    from trephine.study.qualified_document import program

    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; choose a folder for --out")
    begun = {"program": program()}
    if (out / BEGUN).is_file():
        if not is_resumed:
            raise InputError(
                f"{out} holds a qualification already; go on with --resume, or choose another --out"
            )
        if read_document(out / BEGUN) != begun:
            raise InputError(
                f"{out} holds a qualification of another program; choose another --out"
            )
        return
    with writing(out):
        if out.exists() and any(out.iterdir()):
            raise InputError(f"{out} is not empty; choose another --out")
        out.mkdir(parents=True, exist_ok=True)
    write_document(out / BEGUN, begun)


def run_tests(tests: Path, results: Path, workers: int) -> Plain:
    """Run the verification tests, in several processes where that can be, and return their counts.

    Raises
    ------
    InputError
        If there is no such folder.
    StoreError
        If the run told no results.
    """
    import importlib.util

    from trephine.study.verified import verified

    if not tests.is_dir():
        raise InputError(f"--tests {tests}: no such folder")
    words = [sys.executable, "-m", "pytest", "-q", str(tests), "-p", "no:cacheprovider"]
    if workers > 1 and importlib.util.find_spec("xdist") is not None:
        words += ["-n", str(workers), "--dist", "loadfile"]
    results.unlink(missing_ok=True)
    subprocess.run(  # noqa: S603  (our own interpreter)
        [*words, f"--junitxml={results}"], stdout=sys.stderr, check=False
    )
    return verified(results)


def refuse(told: Plain) -> None:
    """Raise what a reader of the page must repair, after it was written."""
    wrong = [f"{name} is explained, but is no miss" for name in told["stale"]]
    verification = told["verification"] or {"failed_tests": []}
    wrong += [f"the verification fails: {name}" for name in verification["failed_tests"]]
    if wrong:
        raise StaleError("; ".join(wrong))


def show(told: Plain, console: Console) -> None:
    """Print the coverage and every endpoint with its predictions."""
    from trephine.cli.paper import table
    from trephine.report.forest import title_of
    from trephine.report.qualify import coverage_words, lead, shown

    console.print(lead(told), soft_wrap=True)
    for column in told["columns"]:
        name = column["name"]
        if column["absent"]:
            console.print(f"{column['title']}: none. {column['absent']}", soft_wrap=True)
        if not any(name in one["columns"] for one in told["endpoints"]):
            continue
        rows = table("Endpoint", "Predicted, 90 %", "Published", "Lies", "", title=column["title"])
        for one in told["endpoints"]:
            if name not in one["columns"]:
                continue
            said = one["columns"][name]
            observed = one["observed"]["shown"] if one["observed"] else ""
            role = "may be fitted" if one["is_fitted"] else "not fitted"
            words = shown(said, one["unit"])
            rows.add_row(
                f"{title_of(one['trial'])}: {one['name']}", words, observed, said["verdict"], role
            )
        console.print(rows)
        for kind in ("not fitted", "fitted"):
            console.print(f"{kind}: {coverage_words(told['coverage'][name][kind])}")
    for trial in told["trials"]:
        for error in trial["errors"]:
            console.print(f"no outcome: {trial['trial']}: {error}", soft_wrap=True)
        if trial["lacks"]:
            console.print(f"no outcome at all: {trial['lacks']}", soft_wrap=True)
