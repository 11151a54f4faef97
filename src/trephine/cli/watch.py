"""``trephine watch``: a run on the terminal while it computes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trephine.core.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from trephine.case.anatomy import Anatomy
    from trephine.store.peek import Glimpse

SPARKS = 32
"""Characters of a curve."""
BARS = 40
"""Characters of the bar of the course."""
STALLED = 10.0
"""A run is said to be silent after as many times the usual wait between two snapshots."""


def watch(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of the run.")],
    *,
    is_once: Annotated[
        bool, typer.Option("--once", help="Print what there is now and leave.")
    ] = False,
    interval: Annotated[
        float, typer.Option(min=0.2, metavar="SECONDS", help="Look again after this long.")
    ] = 2.0,
    is_page_wanted: Annotated[
        bool,
        typer.Option("--page", help="Keep RUN/report.html renewed with the visits so far."),
    ] = False,
) -> None:
    """Follow a run while another terminal computes it, or look at one that has ended.

    Shows the day, the speed and the time left, how new bone, stiffness and movement went, and a
    section through the gap. Ends with the run, or with Ctrl-C; the run goes on.
    """
    from rich.live import Live

    from trephine.cli.paper import paper
    from trephine.store.peek import look

    console, view = paper(), View(folder, is_page_wanted=is_page_wanted)
    glimpse = look(folder)
    if is_once or glimpse.is_finished:
        console.print(view.drawn(glimpse, console))
        return
    try:
        with Live(console=console, auto_refresh=False) as live:
            while True:
                live.update(view.drawn(glimpse, console), refresh=True)
                if glimpse.is_finished:
                    return
                time.sleep(interval)
                glimpse = look(folder)
    except KeyboardInterrupt:
        console.print("The run goes on; look again with the same command.", markup=False)


class View:
    """What is shown of one run; keeps what does not change from one look to the next.

    Parameters
    ----------
    folder
        Folder of the run.
    is_page_wanted
        Whether each new snapshot renews the report.
    """

    def __init__(self, folder: Path, *, is_page_wanted: bool = False) -> None:
        self.folder = folder
        self.is_page_wanted = is_page_wanted
        self.anatomy: Anatomy | None = None
        self.missing = ""
        self.renewed = (0, False)
        self.bone: list[float] = []
        self.last: dict[str, Any] = {}

    def drawn(self, glimpse: Glimpse, console: Console) -> RenderableType:
        """Return one frame."""
        from rich.console import Group
        from rich.table import Table

        self._read(glimpse)
        head = [f"[bold]{_escaped(glimpse.case.name)}[/bold]", *clock(glimpse)]
        parts: list[RenderableType] = [_markup("\n".join(head))]
        if glimpse.day.size:
            rows = Table.grid(padding=(0, 2))
            for name, curve, value in self._curves(glimpse):
                rows.add_row(name, curve, value)
            parts += ["", rows, "", self._picture(console)]
        return Group(*parts)

    def _read(self, glimpse: Glimpse) -> None:
        """Read what is new: the site once, each snapshot once."""
        import numpy as np

        from trephine.intake.site import anatomy
        from trephine.store.peek import snapshot

        if self.anatomy is None and not self.missing:
            try:
                self.anatomy = anatomy(glimpse.case.site, glimpse.settings)
            except InputError as error:
                self.missing = f"no picture, because the site cannot be read here: {error}"
        if self.anatomy is None or not glimpse.day.size:
            return
        grid = self.anatomy.grid
        for index in range(len(self.bone), glimpse.day.size):
            self.last = snapshot(self.folder, grid, index)
            volume = float(np.sum(self.last["mineralised"] * self.anatomy.open)) * grid.voxel_volume
            self.bone.append(volume * 1e6)
        # The run writes its own page when it ends; one that was begun before must not stay.
        now = (glimpse.day.size, glimpse.is_finished)
        if self.is_page_wanted and now != self.renewed:
            self._renew()
            self.renewed = now

    def _renew(self) -> None:
        """Write the report with the visits so far."""
        from trephine.pipeline import so_far
        from trephine.report import page
        from trephine.store.files import writing

        run = so_far(self.folder)
        with writing(self.folder):
            page.write(run, self.folder)

    def _curves(self, glimpse: Glimpse) -> list[tuple[str, str, str]]:
        from trephine.cli.glyphs import sparkline
        from trephine.report.words import rounded

        told = [("New bone with mineral", self.bone, 1.0, "mL", False)]
        for name, label, factor, unit in (
            ("stiffness", "Stiffness along the shaft", 1e-3, "N/mm"),
            ("movement", "Movement", 1e3, "mm"),
        ):
            values = list(glimpse.series.get(name, []))
            told.append((label, values, factor, unit, name == "stiffness"))
        return [
            (label, sparkline(values, SPARKS, log=log), f"{rounded(values[-1] * factor)} {unit}")
            for label, values, factor, unit, log in told
            if values
        ]

    def _picture(self, console: Console) -> RenderableType:
        """Return the section of the last snapshot with its legend."""
        from rich.table import Table

        from trephine.cli import glyphs

        if self.anatomy is None:
            return self.missing
        is_coloured = console.color_system is not None and not console.no_color
        make = glyphs.coloured if is_coloured else glyphs.shaded
        widest = max(min(glyphs.WIDEST, console.width - 34), 16)
        both = Table.grid(padding=(0, 3))
        key = glyphs.legend(self.last, is_coloured=is_coloured)
        both.add_row(make(self.anatomy, self.last, widest), key)
        return both


def clock(glimpse: Glimpse) -> list[str]:
    """Return where the course is, how fast it goes, and how long it will take, in words."""
    from trephine.report.words import rounded
    from trephine.store.peek import age

    whole = rounded(glimpse.duration / 7.0)
    if not glimpse.day.size:
        return [f"no visit yet of {whole} weeks; the first takes the longest"]
    day = float(glimpse.day[-1])
    share = day / glimpse.duration if glimpse.duration else 1.0
    bar = "━" * round(BARS * share)
    rest = "─" * (BARS - len(bar))
    lines = [
        f"week {rounded(day / 7.0)} of {whole}  [cyan]{bar}[/cyan][dim]{rest}[/dim] {share:.0%}"
    ]
    if glimpse.is_finished:
        return [*lines, "finished"]
    if glimpse.speed is None or glimpse.seconds_left is None:
        return [*lines, "speed not known yet"]
    wait = age(glimpse)
    usual = (glimpse.day[-1] - glimpse.day[-2]) / glimpse.speed
    if wait > max(STALLED * usual, 60.0):
        lines.append(
            f"nothing new for {span(wait)}; if it was stopped, go on with trephine run and --resume"
        )
        return lines
    speed = rounded(60.0 * glimpse.speed / 7.0)
    left = span(max(glimpse.seconds_left - wait, 0.0))
    return [*lines, f"{speed} weeks a minute, about {left} left"]


def span(seconds: float) -> str:
    """Return a wait in words, for example ``"3 min"``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _escaped(words: str) -> str:
    from rich.markup import escape

    return escape(words)


def _markup(words: str) -> RenderableType:
    from rich.text import Text

    return Text.from_markup(words)
