"""``trephine compare``: one case under several models or several plans, as a table and a page."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from trephine.cli import cores
from trephine.core.errors import InputError, StoreError

if TYPE_CHECKING:
    from trephine.case.run import Run
    from trephine.core.progress import Watch
    from trephine.report.comparison import Compared


def compare(
    context: typer.Context,
    case: Annotated[Path, typer.Argument(metavar="CASE.toml", help="The case file.")],
    *,
    models: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Which models.", show_default="all"),
    ] = None,
    plans: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="PLAN",
            help="Compare plans instead: a name such as observation or autograft, a TOML file "
            "with a [plan], or label=file; may be repeated.",
        ),
    ] = None,
    replicates: Annotated[
        int, typer.Option(min=1, max=1000, help="With plans: draws of luck and numbers.")
    ] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of the comparison.", show_default="comparisons/<case>"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Luck; the same for every model.")] = 0,
    quality: Annotated[
        Literal["draft", "standard", "fine"],
        typer.Option(help="Voxels of 1.5, 1 or 0.5 mm."),
    ] = "draft",
    voxel: Annotated[
        str | None, typer.Option(help="Edge of a voxel with its unit, for example '1.2 mm'.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the comparison in the folder.")
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
    is_json_wanted: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False,
    is_quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Run one case under several healing models, or plans, and lay the courses side by side.

    With --with the same patient has each plan, on the same luck; the plan of the case comes first.
    Each model or plan gets a run folder of its own below the folder, with its report. The page
    comparison.html holds the table, the curves and sections of every model. What was stopped
    goes on with --resume.
    """
    cores.limit(workers)
    if plans:
        if models is not None:
            raise InputError("--models and --with: compare models or plans, one at a time")
        from trephine.cli.compare_plans import compare_plans

        compare_plans(
            case,
            plans,
            changes=changes or [],
            quality=quality,
            voxel=voxel,
            seed=seed,
            replicates=replicates,
            folder=out or Path("comparisons") / case.stem,
            is_resumed=resume,
            is_json_wanted=is_json_wanted,
            is_quiet=is_quiet,
            again=command_again(context, case, out or Path("comparisons") / case.stem),
        )
        return
    if replicates > 1:
        raise InputError("--replicates belongs to --with: models are compared on one luck")
    compare_models(
        case,
        chosen(models),
        changes=changes or [],
        quality=quality,
        voxel=voxel,
        seed=seed,
        folder=out or Path("comparisons") / case.stem,
        is_resumed=resume,
        is_json_wanted=is_json_wanted,
        is_quiet=is_quiet,
        again=command_again(context, case, out or Path("comparisons") / case.stem),
    )


def compare_models(
    case: Path,
    names: Sequence[str],
    *,
    changes: list[str],
    quality: Literal["draft", "standard", "fine"],
    voxel: str | None,
    seed: int,
    folder: Path,
    is_resumed: bool,
    is_json_wanted: bool,
    is_quiet: bool,
    again: str,
) -> None:
    """Run one case under several models, write the page, print the table."""
    from trephine import pipeline
    from trephine.case.case import Case, need_shaft
    from trephine.case.settings import Settings
    from trephine.cli.paper import paper
    from trephine.cli.progress import display
    from trephine.cli.run import StoppedError, what_is_asked
    from trephine.report import comparison, page
    from trephine.store.files import WriteError, writing
    from trephine.store.layout import refuse_occupied

    asked: dict[str, tuple[Case, Settings]] = {}
    for name in names:
        read, settings = what_is_asked(case, changes, quality, voxel, name)
        asked[name] = (need_shaft(read, "a comparison of healing models"), settings)
    if not is_resumed:
        refuse_occupied(folder)

    def made(name: str, watch: Watch) -> tuple[Compared, Run]:
        """Run one model, write its report, and return what the page needs."""
        what, settings = asked[name]
        place = folder / name
        is_begun = (place / "run.json").exists()
        run = pipeline.run(
            what, settings=settings, seed=seed, out=place, resume=is_begun, watch=watch
        )
        with writing(place):
            page.write(run, place)
        return comparison.compared(run), run

    found: list[Compared] = []
    with display(paper(is_for_errors=True), is_quiet=is_quiet) as watch:
        try:
            for number, name in enumerate(names, start=1):
                watch.progress("model", number - 1, len(names), name)
                one, run = made(name, watch)
                found.append(one)
            with writing(folder):
                written = comparison.write(run, found, folder)
        except KeyboardInterrupt:
            typer.echo(f"interrupted; go on with: {again}", err=True)
            raise StoppedError from None
        except WriteError as error:
            raise StoreError(f"{error}\n  then go on with: {again}") from error
    if is_json_wanted:
        rows = [told(one) for one in found]
        typer.echo(json.dumps({"models": rows, "page": str(written)}, indent=2))
        return
    show(found)
    typer.echo(f"page: {written}")


def chosen(models: str | None) -> list[str]:
    """Return the names of the models asked for, in order and once each.

    Raises
    ------
    InputError
        If a name is unknown, or fewer than two are asked for.
    """
    from trephine.models.library import MODELS, model_named

    if models is None:
        return list(MODELS)
    words = [word.strip() for word in models.split(",") if word.strip()]
    names = list(dict.fromkeys(model_named(word).name for word in words))
    if len(names) < 2:
        raise InputError(
            f"--models {models}: a comparison takes two models or more, such as callus,ulm"
        )
    return names


def told(one: Compared) -> dict[str, object]:
    """Return the numbers of a model over time, as plain data."""
    plain = {
        "model": one.name,
        "union_week": one.union_week,
        "week": one.week.tolist(),
        "mrust": one.mrust.tolist(),
        "cortices_bridged": one.bridged.tolist(),
    }
    more = {
        "bone_in_gap_percent": one.bone,
        "bone_in_cortices_percent": one.cortical,
        "cartilage_in_gap_percent": one.cartilage,
        "stiffness_N_per_mm": one.stiffness,
        "movement_mm": one.movement,
    }
    return plain | {name: [float(f"{v:.6g}") for v in values] for name, values in more.items()}


def show(found: Sequence[Compared]) -> None:
    """Print the table of a comparison: a few weeks of each model."""
    from trephine.cli.paper import paper, table
    from trephine.report.comparison import asked_weeks, most_cartilage
    from trephine.report.words import rounded

    rows = table(
        "Model", ">Union", ">Week", ">Bone %", ">Bridged", ">N/mm", ">mm",
        title="Week of union; bone with mineral in the gap, cortices bridged, stiffness, movement",
    )  # fmt: skip
    rows.columns[0].no_wrap = True
    for one in found:
        for number, at in enumerate(asked_weeks(one)):
            union = "none" if one.union_week is None else rounded(one.union_week)
            rows.add_row(
                "" if number else one.name,
                "" if number else union,
                rounded(float(one.week[at])),
                f"{max(float(one.bone[at]), 0.0):.0f}",
                rounded(float(one.bridged[at])),
                rounded(float(one.stiffness[at])),
                f"{one.movement[at]:.3f}",
            )
    console = paper()
    console.print(rows)
    for one in found:
        console.print(f"Most cartilage in the gap under {one.name}: {most_cartilage(one)}")


def command_again(context: typer.Context, case: Path, folder: Path) -> str:
    """Return the command line that goes on with this comparison."""
    words = ["trephine", "compare", str(case), "--out", str(folder)]
    given = context.params
    for plan in given.get("plans") or []:
        words += ["--with", plan]
    if given.get("replicates", 1) > 1:
        words += ["--replicates", str(given["replicates"])]
    for option in ("models", "seed", "quality", "voxel", "workers"):
        if given[option] is not None:
            words += [f"--{option}", str(given[option])]
    for change in given["changes"] or []:
        words += ["--set", change]
    for option, wanted in (("--json", given["is_json_wanted"]), ("--quiet", given["is_quiet"])):
        words += [option] if wanted else []
    return shlex.join([*words, "--resume"])
