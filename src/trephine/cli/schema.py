"""``trephine schema``: the layout of a case file, for editors and other programs."""

from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema of the case file.

    An editor that knows it completes keys and marks mistakes while you write.
    """
    from trephine.case.case import Case

    document = Case.model_json_schema()
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
