"""``trephine trial``: a trial file becomes virtual patients, and endpoints beside the real ones."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from trephine.core.errors import InputError, StoreError

if TYPE_CHECKING:
    from rich.console import Console

    from trephine.case.settings import Settings
    from trephine.case.trial import Trial
    from trephine.study.trial import TrialResult

Plain = dict[str, Any]

RESULT = "result.json"


def trial(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="TRIAL.toml", help="The trial file.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the trial.", show_default="trials/<file>"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Luck; the same seed, the same numbers.")] = 0,
    patients: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Virtual patients in each arm.", show_default="largest arm"
        ),
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="How many times patients are drawn anew.",
            show_default="1; 400 with --emulator --numbers posterior",
        ),
    ] = None,
    numbers: Annotated[
        Literal["printed", "drawn", "posterior"],
        typer.Option(
            help="Numbers of the catalogue: as printed, or anew with each replicate, drawn from "
            "their spreads or from the posterior of the calibration. The emulator knows printed "
            "and posterior."
        ),
    ] = "printed",
    voxel: Annotated[
        str, typer.Option(help="Edge of a voxel with its unit; 3 mm is a quick look.")
    ] = "1.5 mm",
    is_emulated: Annotated[
        bool,
        typer.Option("--emulator", help="Let the emulator stand in for the engine: seconds."),
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, metavar="N", help="Processes; they change no number.")
    ] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A dask scheduler, for example tcp://host:8786."),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Compute only this part, for example 2/4."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the trial in the folder.")
    ] = False,
    is_power_asked: Annotated[
        bool, typer.Option("--power", help="Tell the designs of the file in full.")
    ] = False,
    is_json_wanted: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON.")
    ] = False,
    is_quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Treat virtual patients in every arm and set the endpoints beside what was published.

    The same patients with the same luck go through all arms. The folder keeps each outcome,
    result.json and trial.html; an interrupted trial goes on with --resume, to the same numbers.
    With --emulator a million patients take minutes; how far it is off is told with the result.
    With --emulator --numbers posterior each draw of the posterior treats a trial of the published
    size, and the intervals hold what the calibration leaves open, too.
    """
    from trephine.case.trial import read
    from trephine.cli.paper import paper
    from trephine.cli.progress import display
    from trephine.study.published import problems
    from trephine.study.trial import run_trial

    asked = read(file)
    wrong = problems(asked)
    if wrong:
        raise InputError(f"{file.name} is not a valid trial", wrong)
    if is_power_asked and not asked.designs:
        raise InputError(f"{file.name} has no [[designs]] that --power could tell")
    part = None if shard is None else shard_of(shard)
    folder = out or Path("trials") / file.stem
    if is_emulated:
        tell(emulated(context, asked, folder), folder, context)
        return
    with display(paper(is_for_errors=True), is_quiet=is_quiet) as watch:
        try:
            result = run_trial(
                asked,
                settings=settings_of(voxel),
                seed=seed,
                patients_each=patients,
                replicates=replicates or 1,
                numbers=numbers,
                workers=workers,
                scheduler=scheduler,
                out=folder,
                resume=resume,
                shard=part,
                watch=watch,
            )
        except KeyboardInterrupt:
            from trephine.cli.run import StoppedError

            again = command_again(context, file, folder)
            typer.echo(f"interrupted; go on with: {again}", err=True)
            raise StoppedError from None
        told = None if result.missing else finished(result, folder)
    if told is None:
        left = f"{result.missing} outcomes are left to other shards"
        typer.echo(f"{left}; then: {command_again(context, file, folder)}", err=True)
        if is_json_wanted:
            typer.echo(json.dumps({"missing": result.missing}))
        return
    tell(told, folder, context)


def tell(told: Plain, folder: Path, context: typer.Context) -> None:
    """Print what a trial shows as it was asked for."""
    from trephine.cli.paper import paper

    if context.params["is_json_wanted"]:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    show(told, paper(), is_power_asked=context.params["is_power_asked"])
    typer.echo(f"report: {folder / 'trial.html'}")


ENGINE_ALONE = {
    "voxel": "--voxel",
    "workers": "--workers",
    "scheduler": "--scheduler",
    "shard": "--shard",
    "resume": "--resume",
}
"""Options that say something about the engine, which the emulator does without."""


def emulated(context: typer.Context, asked: Trial, folder: Path) -> Plain:
    """Return what a trial on the emulator shows, and write its result and its page."""
    from trephine.cli.paper import paper
    from trephine.cli.progress import display
    from trephine.study.emulated_trial import emulate_trial
    from trephine.study.posterior_arms import DRAWS
    from trephine.study.posterior_trial import foretell_trial

    given = context.params
    default = {param.name: param.default for param in context.command.params}
    idle = [word for name, word in ENGINE_ALONE.items() if given[name] != default[name]]
    idle += ["--numbers drawn"] if given["numbers"] == "drawn" else []
    if idle:
        raise InputError(
            f"--emulator cannot be used with {' and '.join(idle)}: it takes the catalogue's "
            "numbers as printed or, with --numbers posterior, those that were calibrated from "
            "their posterior, and is over in seconds on one core. For anything else leave "
            "--emulator out; the engine then computes the trial"
        )
    luck, each, times = given["seed"], given["patients"], given["replicates"]
    with display(paper(is_for_errors=True), is_quiet=given["is_quiet"]) as watch:
        if given["numbers"] == "posterior":
            times = DRAWS if times is None else times
            return finished(
                foretell_trial(asked, seed=luck, patients_each=each, draws=times, watch=watch),
                folder,
            )
        result = emulate_trial(
            asked, seed=luck, patients_each=each, replicates=times or 1, watch=watch
        )
        return finished(result, folder)


def settings_of(voxel: str) -> Settings:
    """Return the numerics of a trial, or raise InputError."""
    from trephine.case.document import validate
    from trephine.case.settings import Settings
    from trephine.study.trial import SIDES

    return validate(Settings, {"voxel": voxel, "sides": SIDES}, "--voxel")


def shard_of(words: str) -> tuple[int, int]:
    """Return the number of a shard and of all shards that a text such as ``2/4`` tells."""
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", words.strip())
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(f"--shard {words}: write I/N with I from 1 to N, for example 2/4")
    return int(found[1]), int(found[2])


def command_again(context: typer.Context, file: Path, folder: Path) -> str:
    """Return the command line that goes on with this trial."""
    words = ["trephine", "trial", str(file), "--out", str(folder)]
    given = context.params
    options = ("seed", "patients", "replicates", "numbers", "voxel", "workers", "scheduler")
    for option in options:
        if given[option] is not None:
            words += [f"--{option}", str(given[option])]
    for option, name in (
        ("--power", "is_power_asked"),
        ("--json", "is_json_wanted"),
        ("--quiet", "is_quiet"),
    ):
        words += [option] if given[name] else []
    return shlex.join([*words, "--resume"])


def finished(result: TrialResult, folder: Path) -> Plain:
    """Write result.json and the page, and return what they tell."""
    from trephine.report import trial as page
    from trephine.store.files import write_document, writing
    from trephine.study.trial_document import document

    told = document(result)
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_document(folder / RESULT, told)
        page.write(told, folder)
    except OSError as error:
        raise StoreError(f"cannot write {folder}: {error}") from error
    return told


def show(told: Plain, console: Console, *, is_power_asked: bool) -> None:
    """Print the endpoints, the designs and what must be told."""
    from trephine.cli.paper import table
    from trephine.report.trial import (
        NOTHING,
        failures,
        interval,
        lead,
        number,
        raised,
        remark,
        role,
        verdict,
    )

    console.print(lead(told), soft_wrap=True)
    if told["endpoints"]:
        rows = table("Endpoint", "Predicted, 90 % of such trials", "Published", "Lies", "Role")
        for one in told["endpoints"]:
            seen = one["observed"]
            where = f"{one['arm']}: " if len(told["arms"]) > 1 else ""
            size = " and ".join(map(str, one["n"]))
            rows.add_row(
                f"{where}{one['name']}, week {number(one['week'])}, n {size}",
                f"{number(one['predicted'], one['unit'])}, {interval(one)}",
                raised(seen["shown"]) if seen else NOTHING,
                ": ".join(filter(None, (verdict(one), remark(one)))),
                role(one),
            )
        console.print(rows)
    for one in told["designs"]:
        title = ", ".join(part for part in (one["name"], one["scenario"]) if part)
        size = "more than 2,000" if one["needed"] is None else str(one["needed"])
        target = number(100 * one["target"], "%")
        console.print(
            f"{title}: {size} patients in each arm for a power of {target}", soft_wrap=True
        )
        if not is_power_asked:
            continue
        rows = table(">In each arm", ">Power", ">For the better arm", ">Without a difference")
        for power in one["powers"]:
            shares = (number(100 * power[k], "%") for k in ("power", "right", "false"))
            rows.add_row(str(power["n"]), *shares)
        console.print(rows)
        pairs = ", ".join(f"{count} {name}" for name, count in one["pairs"].items())
        console.print(f"The same virtual patients united: {pairs}", soft_wrap=True)
    for arm, error, members in failures(told):
        console.print(f"no outcome: {arm}, patients {members}: {error}", soft_wrap=True)
    for notice in told["notices"]:
        console.print(f"note: {notice}", soft_wrap=True)
