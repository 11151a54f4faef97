"""``trephine show``: a run as tables on the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def show(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of the run.")],
    is_json_wanted: Annotated[
        bool, typer.Option("--json", help="Print what run.json holds, finished or not.")
    ] = False,
    are_budgets_wanted: Annotated[
        bool, typer.Option("--budgets", help="Print every budget, by stage.")
    ] = False,
) -> None:
    """Show a run: how it ended, the way of the cells and the course."""
    from trephine.store.layout import describe

    if is_json_wanted:
        typer.echo(json.dumps(describe(folder), indent=2, ensure_ascii=False))
        return
    from trephine.cli import outcome
    from trephine.cli.paper import paper
    from trephine.store.runs import load_any

    run = load_any(folder)
    outcome.show(run, paper())
    outcome.show_more(run, paper())
    if are_budgets_wanted:
        outcome.show_budgets(run, paper())
