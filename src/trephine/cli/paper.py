"""How results look on a terminal: plain tables on stdout, the same for every command."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table


def paper(*, is_for_errors: bool = False) -> Console:
    """Return the terminal to print on; stdout unless it is for messages.

    Colour follows the terminal and the variable ``NO_COLOR``.
    """
    return Console(stderr=is_for_errors, highlight=False, markup=False)


def table(*headings: str, title: str | None = None) -> Table:
    """Return an empty table; a heading that starts with ``>`` is of a column of numbers."""
    rows = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for heading in headings:
        rows.add_column(
            heading.removeprefix(">"),
            justify="right" if heading.startswith(">") else "left",
            no_wrap=heading.startswith(">"),
        )
    return rows
