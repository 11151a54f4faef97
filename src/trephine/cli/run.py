"""``trephine run``: a case file becomes a folder with a report."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from trephine.cli import cores
from trephine.core.errors import StoreError

if TYPE_CHECKING:
    from trephine.case.course_case import CourseCase
    from trephine.case.settings import Settings


class StoppedError(Exception):
    """Raise when a person stopped a run and was told how to go on."""


def run(
    context: typer.Context,
    case: Annotated[Path, typer.Argument(metavar="CASE.toml", help="The case file.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the run.", show_default="runs/<case>"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Luck; the same seed, the same numbers.")] = 0,
    quality: Annotated[
        Literal["draft", "standard", "fine"],
        typer.Option(help="Voxels of 1.5, 1 or 0.5 mm."),
    ] = "draft",
    voxel: Annotated[
        str | None, typer.Option(help="Edge of a voxel with its unit, for example '1.2 mm'.")
    ] = None,
    model: Annotated[
        str,
        typer.Option(metavar="NAME", help="Healing model; 'trephine models' lists them."),
    ] = "callus",
    device: Annotated[
        Literal["cpu", "cuda"],
        typer.Option(help="Where to compute: the processor, or an accelerator."),
    ] = "cpu",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the interrupted run in the folder.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Use at most this many processor cores.", show_default="all"),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PLACE=VALUE",
            help="Change the case, for example site.gap.width='2 mm'; may be repeated.",
        ),
    ] = None,
    is_json_wanted: Annotated[
        bool, typer.Option("--json", help="Print the outcome as JSON.")
    ] = False,
    is_quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    is_dry: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and say what would be done.")
    ] = False,
) -> None:
    """Compute one course of treatment and write its report.

    The folder holds run.json, the fields over time, the products, the films
    and report.html. An interrupted run goes on with --resume, to the same numbers.
    """
    cores.limit(workers)
    from trephine.cli.paper import paper
    from trephine.cli.progress import display

    asked, settings = what_is_asked(case, changes or [], quality, voxel, model)
    if device != settings.device:
        settings = settings.model_copy(update={"device": device})
    folder = out or Path("runs") / case.stem
    if is_dry:
        rehearse(asked, settings, folder, seed, is_resumed=resume, is_json_wanted=is_json_wanted)
        return
    from trephine import pipeline
    from trephine.store.files import WriteError, writing

    check_folder(folder, is_resumed=resume)
    again = command_again(context, case, folder)
    with display(paper(is_for_errors=True), is_quiet=is_quiet) as watch:
        try:
            result = pipeline.run(
                asked, settings=settings, seed=seed, out=folder, resume=resume, watch=watch
            )
            watch.progress("report", 0, 1)
            from trephine.case.kinds import kind_of, part

            with writing(folder):
                part(kind_of(asked).report).write(result, folder)
        except KeyboardInterrupt:
            typer.echo(f"interrupted; {way_on(folder, again)}", err=True)
            raise StoppedError from None
        except WriteError as error:
            raise StoreError(f"{error}\n  then {way_on(folder, again)}") from error
    summary: dict[str, Any] = {**result.summary(), "folder": str(folder)}
    if is_json_wanted:
        from trephine.models.plan_harms import expected

        summary["harms"] = [harm.as_plain() for harm in expected(result.case)]
        typer.echo(json.dumps(summary, indent=2, ensure_ascii=False))
        return
    from trephine.cli import outcome

    outcome.show(result, paper())
    typer.echo(f"report: {folder / 'report.html'}")


def what_is_asked(
    path: Path,
    changes: list[str],
    quality: Literal["draft", "standard", "fine"],
    voxel: str | None,
    model: str = "callus",
) -> tuple[CourseCase, Settings]:
    """Return the case with its changes and the numerics, or raise InputError."""
    from trephine.case.case import need_shaft, read
    from trephine.case.document import validate
    from trephine.case.settings import Settings
    from trephine.cli import example, overrides
    from trephine.cli.quantity import quantity

    example.refuse_missing(path)
    case = overrides.changed(read(path), changes, path.name)
    settings = Settings.preset(quality)
    if voxel is not None:
        quantity("--voxel", voxel, "m")
        settings = validate(Settings, settings.as_written() | {"voxel": voxel}, "--voxel")
    if model != settings.model:
        need_shaft(case, "--model")
        from trephine.models.library import model_named

        name = model_named(model).name
        settings = validate(Settings, settings.as_written() | {"model": name}, "--model")
    return case, settings


def rehearse(
    case: CourseCase,
    settings: Settings,
    folder: Path,
    seed: int,
    *,
    is_resumed: bool,
    is_json_wanted: bool,
) -> None:
    """Check what can be checked without computing, and print what would be done."""
    from trephine import pipeline
    from trephine.cli.paper import paper, table

    check_folder(folder, is_resumed=is_resumed)
    plan: dict[str, Any] = {
        "name": case.name,
        "case_digest": case.digest,
        **pipeline.rehearse(case, settings),
        "seed": seed,
        "folder": str(folder),
        "resume": is_resumed,
    }
    if is_json_wanted:
        typer.echo(json.dumps(plan, indent=2, ensure_ascii=False))
        return
    rows = table("What", "Value", title="Nothing was computed or written")
    for key, value in plan.items():
        rows.add_row(key.replace("_", " "), str(value))
    paper().print(rows)


def check_folder(folder: Path, *, is_resumed: bool) -> None:
    """Raise InputError unless a run can be started in a folder, or taken up there."""
    from trephine.store.layout import describe, refuse_occupied

    if is_resumed:
        describe(folder)
    else:
        refuse_occupied(folder)


def command_again(context: typer.Context, case: Path, folder: Path) -> str:
    """Return the command line that goes on with this run."""
    words = ["trephine", "run", str(case), "--out", str(folder)]
    given = context.params
    for option in ("seed", "quality", "voxel", "workers"):
        if given[option] is not None:
            words += [f"--{option}", str(given[option])]
    if given.get("device", "cpu") != "cpu":
        words += ["--device", given["device"]]
    if given.get("model", "callus") != "callus":
        words += ["--model", given["model"]]
    for change in given["changes"] or []:
        words += ["--set", change]
    for option, wanted in (("--json", given["is_json_wanted"]), ("--quiet", given["is_quiet"])):
        words += [option] if wanted else []
    return shlex.join([*words, "--resume"])


def way_on(folder: Path, again: str) -> str:
    """Return how to go on after a stop, in words."""
    from trephine.store.layout import DOCUMENT

    if (folder / DOCUMENT).exists():
        return f"go on with: {again}"
    return "nothing was written; start again"
