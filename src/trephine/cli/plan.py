"""``trephine plan``: given a patient and a prescription, find the plan."""

from __future__ import annotations

import json
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from trephine.core.errors import InputError, StoreError

if TYPE_CHECKING:
    from trephine.study.asked import Asked
    from trephine.study.planner import Planned

Plain = dict[str, Any]


def plan(
    context: typer.Context,
    case: Annotated[Path, typer.Argument(metavar="CASE.toml", help="The case file.")],
    *,
    prescription: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What the dose should reach, for example 'at least 30,000 progenitors and 1,500 "
            "per mL in the lesion (Paris assay)'; before what the brief says.",
        ),
    ] = None,
    brief: Annotated[
        Path | None,
        typer.Option(metavar="BRIEF.toml", help="Limits, prices and choices to search."),
    ] = None,
    objective: Annotated[
        Literal["dose", "union"],
        typer.Option(help="Chance of the prescription, or of union by the healing engine."),
    ] = "dose",
    burden: Annotated[
        Literal["minutes", "marrow", "punctures", "risk", "cost"],
        typer.Option(
            help="What is laid against the chance; minutes are those in theatre, risk is the "
            "fall of the haemoglobin."
        ),
    ] = "minutes",
    draws: Annotated[
        int,
        typer.Option(
            "--samples", "--draws", metavar="N", help="Samples for the chances that are told."
        ),
    ] = 4096,
    seed: Annotated[int, typer.Option(min=0, help="Luck; the same seed, the same numbers.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the plans.", show_default="plans/<case>"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the search in the folder.")
    ] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PLACE=VALUE",
            help="Change the case, for example patient.mass='60 kg'; may be repeated.",
        ),
    ] = None,
    is_json_wanted: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON.")
    ] = False,
    is_quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Search harvests, devices and injections for the plans that no other beats.

    The folder holds a case file for each plan with a name, which 'trephine run' and 'trephine
    dose' take, plans.json, and the page plans.html. A search that was stopped goes on with
    --resume, to the same numbers; with another --burden it orders the same plans anew, into
    files beside the others, such as least-burden-by-marrow.toml.
    """
    from trephine.cli.paper import paper
    from trephine.cli.progress import display
    from trephine.cli.run import StoppedError
    from trephine.report import plans
    from trephine.store.files import WriteError, write_document, writing
    from trephine.study import planner, remembered
    from trephine.study.plan_document import plan_document

    began = time.perf_counter()
    asked = what_is_asked(case, changes or [], prescription, brief, objective, burden, draws, seed)
    folder = out or Path("plans") / case.stem
    memory = (remembered.resumed if resume else remembered.begun)(folder, asked)
    again = command_again(context, case, folder)
    with display(paper(is_for_errors=True), is_quiet=is_quiet) as watch:
        try:
            found = planner.plan(asked, memory=memory, watch=watch)
            told = plan_document(found)
            with writing(folder):
                write_cases(found, told, folder)
                write_document((folder / told["page"]).with_suffix(".json"), told)
                page = plans.write(told, folder)
        except KeyboardInterrupt:
            typer.echo(f"interrupted; go on with: {again}", err=True)
            raise StoppedError from None
        except WriteError as error:
            raise StoreError(f"{error}\n  then go on with: {again}") from error
    if is_json_wanted:
        typer.echo(json.dumps({**told, "folder": str(folder)}, indent=2, ensure_ascii=False))
        return
    from trephine.cli import plan_words

    plan_words.show(told, paper())
    spent = time.perf_counter() - began
    typer.echo(f"{told['plans']['within_limits']:,} plans in {spent:.0f} s; page: {page}")
    typer.echo("case files: " + ", ".join(str(folder / one["file"]) for one in told["named"]))


def what_is_asked(
    path: Path,
    changes: list[str],
    prescription: str | None,
    brief: Path | None,
    objective: Literal["dose", "union"],
    burden: Literal["minutes", "marrow", "punctures", "risk", "cost"],
    draws: int,
    seed: int,
) -> Asked:
    """Return what the planner is asked for, or raise InputError."""
    from trephine.case.brief import Brief
    from trephine.case.brief import read as read_brief
    from trephine.case.case import need_shaft, read
    from trephine.case.prescription import read as read_prescription
    from trephine.cli import example, overrides
    from trephine.study.asked import Asked

    if not path.exists() and path.stem in example.names():
        raise InputError(
            f"{path}: there is no such file; write the example with "
            f"'trephine example {path.stem} --out {path}'"
        )
    case = need_shaft(overrides.changed(read(path), changes, path.name), "trephine plan")
    given = Brief() if brief is None else read_brief(brief)
    wanted = given.prescription
    if prescription is not None:
        wanted = read_prescription(prescription)
    return Asked(case, given, wanted, objective, burden, draws, seed)


def write_cases(found: Planned, told: Plain, folder: Path) -> None:
    """Write the case file of each plan with a name."""
    from trephine.study.plan_case import case_of, write

    for one in told["named"]:
        plan = found.named[one["name"]]
        case = case_of(found.asked.case, one["name"], plan.injections)
        write(case, folder / one["file"])


def command_again(context: typer.Context, case: Path, folder: Path) -> str:
    """Return the command line that goes on with this search."""
    words = ["trephine", "plan", str(case), "--out", str(folder)]
    given = context.params
    for option in ("prescription", "brief", "objective", "burden", "draws", "seed"):
        if given[option] is not None:
            words += [f"--{option}", str(given[option])]
    for change in given["changes"] or []:
        words += ["--set", change]
    for option, wanted in (("--json", given["is_json_wanted"]), ("--quiet", given["is_quiet"])):
        words += [option] if wanted else []
    return shlex.join([*words, "--resume"])
