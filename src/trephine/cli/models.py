"""``trephine models``: the healing models there are, what each is and what it leaves out."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def models(
    is_json_wanted: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the healing models that 'run --model' and 'compare' take.

    The first is the project's own; the others were published and are run by the same numerics.
    """
    from rich.padding import Padding

    from trephine.cli.paper import paper
    from trephine.models.library import MODELS
    from trephine.report.comparison import sources

    if is_json_wanted:
        found = [
            {
                "name": model.name,
                "about": model.about,
                "sources": sources(model.name),
                "leaves_out": model.leaves_out,
                "fields": list(model.names),
                "terms": len(model.terms),
                "takes": [brought for brought, _ in model.receives],
            }
            for model in MODELS.values()
        ]
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    console = paper()
    for model in MODELS.values():
        console.print(model.name, style="bold")
        told = {
            "What it is": model.about,
            "Source": "; ".join(sources(model.name)) or "this project",
            "Leaves out": model.leaves_out,
        }
        for what, words in told.items():
            if words:
                console.print(Padding(f"{what}: {words}", (0, 0, 0, 2)))
        console.print()
