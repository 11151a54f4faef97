"""``trephine schema``: the layout of a case file, for editors and other programs."""

from __future__ import annotations

import json
from functools import reduce
from operator import or_
from typing import Annotated, Any

import typer


def schema(
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="Kind of site, as site.kind says it.")
    ] = "shaft",
    *,
    are_all_wanted: Annotated[
        bool, typer.Option("--all", help="One schema that accepts every kind of site.")
    ] = False,
) -> None:
    """Print the JSON Schema of the case file.

    An editor that knows it completes keys and marks mistakes while you write.
    """
    from pydantic import TypeAdapter

    from trephine.case.kinds import KINDS, kind_named, part

    wanted = KINDS if are_all_wanted else (kind_named(kind),)
    accepted: Any = reduce(or_, [part(one.document) for one in wanted])
    document = TypeAdapter(accepted).json_schema()
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
