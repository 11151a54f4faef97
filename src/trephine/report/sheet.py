"""Owns the report page of every kind of site but the shaft: a lead, tiles and chapters."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from trephine.case.course_run import CourseRun
from trephine.report import harms, tables
from trephine.report.legend import Graph
from trephine.report.page import environment, style
from trephine.store.files import replacing


@dataclass(frozen=True)
class Tile:
    """One number at the top of the page, with what it is and what to make of it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table of texts; ``numbers`` says which columns stand to the right."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    numbers: bool = True


@dataclass(frozen=True)
class Still:
    """A picture as PNG bytes, with its caption and what it shows for those who cannot see it."""

    png: bytes
    caption: str
    label: str
    width: int

    @property
    def data(self) -> str:
        """The bytes as text, so that the page needs no other file."""
        return base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Chapter:
    """A part of the page with its title; what is empty is left out."""

    key: str
    title: str
    paragraphs: tuple[str, ...] = ()
    graphs: tuple[Graph, ...] = ()
    stills: tuple[Still, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    """Colour and name of each shade of the stills."""
    tables: tuple[Table, ...] = ()


def write(
    run: CourseRun,
    folder: Path,
    *,
    lead: str,
    is_good: bool,
    tiles: Sequence[Tile],
    chapters: Sequence[Chapter],
) -> Path:
    """Write ``report.html`` of a run, which needs nothing else, and return it.

    The same run gives the same bytes.

    Parameters
    ----------
    run
        A finished run of any kind of site.
    folder
        Where to write; made where it does not exist.
    lead
        How it ended, in a sentence or two.
    is_good
        Whether the lead is good news; colours its mark.
    tiles
        The few numbers that matter most.
    chapters
        Everything else, but notices, parameters and provenance, which every page has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "report.html"
    text = html(run, lead=lead, is_good=is_good, tiles=tiles, chapters=chapters)
    with replacing(page) as part:
        part.write_text(text, encoding="utf-8")
    return page


def html(
    run: CourseRun,
    *,
    lead: str,
    is_good: bool,
    tiles: Sequence[Tile],
    chapters: Sequence[Chapter],
) -> str:
    """Return the whole page; see :func:`write`."""
    held = Counter(tables.standings(run.used, run.provisional).values())
    words = {
        "title": run.case.name,
        "about": " ".join(run.case.about.split()),
        "lead": lead,
        "is_good": is_good,
        "tiles": tiles,
        "across": across(len(tiles)),
        "chapters": [replace(c, graphs=tuple(map(_drawn, c.graphs))) for c in chapters],
        "harms": harms.told(run.case),
        "harms_title": harms.TITLE,
        "notices": [note for note in (*run.notices, tables.another_catalogue(run)) if note],
        "provisional": held["provisional"],
        "chosen": held["chosen"],
        "used": len(run.used),
        "parameters": tables.parameters(run),
        "provenance": tables.provenance(run),
        "run_digest": tables.run_digest(run),
        "catalogue_digest": run.provenance.catalogue_digest,
        "version": run.provenance.version,
        "seed": run.provenance.seed,
        "style": style(),
    }
    return environment().get_template("sheet.html").render(words)


def across(count: int) -> int:
    """Return how many tiles stand beside each other, so that rows are full where they can be."""
    return next((wide for wide in (4, 5, 3) if count % wide == 0), min(count, 4))


def _drawn(graph: Graph) -> Graph:
    """Return a graph with the drawing, in which text is escaped, as markup."""
    return replace(graph, svg=Markup(graph.svg))  # noqa: S704
