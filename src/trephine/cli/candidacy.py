"""``trephine candidacy``: what is known for a person who asks whether a procedure is for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from trephine.case.settings import Settings
    from trephine.report.harms import Harms
    from trephine.study.candidacy import Candidacy


def candidacy(
    case: Annotated[Path, typer.Argument(metavar="CASE.toml", help="The case file.")],
    *,
    predict: Annotated[
        int | None,
        typer.Option(
            metavar="RUNS",
            min=0,
            max=1000,
            help="Compute so many runs of the plan of a bone, of the same without cells, and of "
            "no treatment; 0 computes nothing.",
            show_default="a painful site is computed, a bone is not",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Luck; the same seed, the same runs.")] = 0,
    voxel: Annotated[
        str | None, typer.Option(help="Edge of a voxel of those runs, for example '3 mm'.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the page candidacy.html.")
    ] = None,
    is_json_wanted: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON.")
    ] = False,
) -> None:
    """Tell what has been studied for a person and problem, what speaks against it, what else is.

    It informs and recommends nothing. What the file does not state of the patient is asked for,
    never taken as absent, and where nobody has studied something it says so.
    """
    from trephine.case.case import read
    from trephine.case.document import table
    from trephine.report import candidacy as page
    from trephine.report import harms
    from trephine.study.candidacy import candidacy as found_for
    from trephine.study.case_facts import SOFT
    from trephine.study.foretold import foretold

    asked = read(case)
    stated = table(case, "a case file").get("patient", {}).keys()
    runs = int(asked.site.kind in SOFT) if predict is None else predict
    computed = foretold(asked, runs, seed=seed, settings=numerics(voxel)) if runs else ()
    found, harm = found_for(asked, stated, computed), harms.told(asked)
    if out is not None:
        from trephine.store.files import writing

        with writing(out):
            written = page.write(found, harm, out)
    if is_json_wanted:
        typer.echo(json.dumps(found.as_plain(), indent=2, ensure_ascii=False))
        return
    from trephine.cli.paper import paper

    show(found, harm, paper())
    if out is not None:
        typer.echo(f"page: {written}")


def numerics(voxel: str | None) -> Settings | None:
    """Return settings with a voxel of a size, or none where it is left to the kind of site."""
    if voxel is None:
        return None
    from trephine.case.document import validate
    from trephine.case.settings import Settings
    from trephine.cli.quantity import quantity

    quantity("--voxel", voxel, "m")
    return validate(Settings, Settings.preset("draft").as_written() | {"voxel": voxel}, "--voxel")


def show(found: Candidacy, harm: Harms | None, console: Console) -> None:
    """Print what there is to know, the answer first."""
    from rich.padding import Padding

    from trephine.cli.paper import table
    from trephine.report.candidacy import apart, endings, lead
    from trephine.study.candidacy import NO_ADVICE

    console.print(NO_ADVICE, style="bold")
    console.print(f"\n{found.name}")
    console.print(f"{found.person}. {found.problem[:1].upper()}{found.problem[1:]}.")
    console.print(Padding(lead(found), (1, 0)))
    _options(found, console)
    if counted := apart(found):
        rows = table("Way", "Outcome with its interval", title="Computed for this person")
        for one in counted:
            rows.add_row(one.name, "\n".join(endings(one)))
        console.print(rows)
    _cautions(found, console)
    if harm is not None:
        _harm(harm, console)
    _studies(found, console)
    for gap in found.gaps:
        console.print(f"Note: {gap}")


def _options(found: Candidacy, console: Console) -> None:
    from trephine.cli.paper import table
    from trephine.report.candidacy import COUNTED, has_column, is_fitted, rows

    is_computed = has_column(found)
    heads = ("Option", "How far it was studied", "Computed for this person")
    title = "What could be done, no order of merit"
    shown = table(*heads[: 2 + is_computed], title=title)
    for row in rows(found):
        name = row.name + (" (planned)" if row.is_planned else "")
        studied = " ".join(filter(None, (row.studied, row.rests_on)))
        shown.add_row(*(name, studied, row.computed)[: 2 + is_computed])
    console.print(shown)
    if is_fitted(found):
        console.print(COUNTED)
    for note in (note for one in found.foretold for note in one.notes):
        console.print(note)
    if found.near:
        title = f"The nearest that was studied is the {found.near}; whether it holds is not known"
        elsewhere = table(f"In the {found.near}", "How far it was studied", title=title)
        for option in found.near_options:
            elsewhere.add_row(option.name, option.certainty)
        console.print(elsewhere)


def _cautions(found: Candidacy, console: Console) -> None:
    from rich.padding import Padding

    from trephine.report.candidacy import STANDINGS
    from trephine.study.candidacy import grounds

    for standing, title in STANDINGS.items():
        those = [one.caution for one in found.weighed if one.standing == standing]
        if those:
            console.print(title, style="bold")
        for caution in those:
            text = f"{caution.named}, {caution.weight}: {caution.text} ({grounds(caution)})"
            console.print(Padding(f"{text[:1].upper()}{text[1:]}", (0, 0, 0, 2)))


def _harm(harm: Harms, console: Console) -> None:
    from trephine.cli.paper import table
    from trephine.report.harms import TITLE

    console.print(f"\n{TITLE}", style="bold")
    for words in harm.paragraphs:
        console.print(words)
    if harm.rows:
        rows = table(*harm.heads)
        for row in harm.rows:
            rows.add_row(*row)
        console.print(rows)
    for note in harm.notes:
        console.print(f"Note: {note}")


def _studies(found: Candidacy, console: Console) -> None:
    from trephine.cli.paper import table
    from trephine.report.candidacy import READ
    from trephine.report.trial import ROLES

    if not found.results:
        return
    rows = table("Study", "Got", "Result", "Design", title="Every arm that was studied")
    for r in found.results:
        grounds = f"{r.design}; {READ[r.access]}, {ROLES[r.role]}"
        study = f"{r.study} (in {r.held_by} too)" if r.held_by else r.study
        rows.add_row(study, r.got, "; ".join(r.results), grounds)
    console.print(rows)
