"""``trephine report``: the report of a finished run, written anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of the run.")],
) -> None:
    """Write the report of a finished run anew, with this version's layout and wording.

    The numbers stay as they were computed.
    """
    from trephine.case.kinds import kind_of, part
    from trephine.store.files import writing
    from trephine.store.runs import load_any

    run = load_any(folder)
    with writing(folder):
        part(kind_of(run.case).report).write(run, folder)
    typer.echo(str(folder / "report.html"))
