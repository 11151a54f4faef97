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
    from trephine.cli.paper import paper, table
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
    rows = table("Model", "What it is", "Source", "What it leaves out")
    for model in MODELS.values():
        said = "; ".join(sources(model.name)) or "this project"
        rows.add_row(model.name, model.about, said, model.leaves_out or "-")
        rows.add_section()
    paper().print(rows)
