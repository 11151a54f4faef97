"""Owns what the fields of a course are called, and in which unit and on which scale they show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from trephine.case.course import UNITS
from trephine.case.run import Run
from trephine.core.types import Voxels
from trephine.report.words import key_words

Law = Literal["linear", "log"]

CELLS, MATRIX, AROUND, LOAD, REST = (
    "Cells", "Matrix and carriers", "What cells live in", "What the load does", "Other fields",
)  # fmt: skip
GROUPS = (CELLS, MATRIX, AROUND, LOAD, REST)
"""Headings of the list of fields, in order."""


class Field(NamedTuple):
    """A field that can be shown.

    Parameters
    ----------
    key
        Its name on the page.
    label, unit
        What it is called and the unit it is shown in.
    factor
        Number in that unit for one in the unit of the course.
    law
        Whether equal ratios take equal lengths of its scale.
    decades
        A logarithmic scale goes down as many powers of ten at most; with both signs, on each
        side of zero.
    group
        Heading it stands under, one of :data:`GROUPS`.
    parts
        Fields of the course that it is the sum of.
    """

    key: str
    label: str
    unit: str
    factor: float
    law: Law
    decades: float
    group: str
    parts: tuple[str, ...]


class _Words(NamedTuple):
    label: str
    group: str
    unit: str = ""
    factor: float = 1.0
    law: Law = "linear"
    decades: float = 5


NUMBER = re.compile(r"\d+(\.\d+)?")
TISSUE, SHARE = "% of open tissue", 100.0

KNOWN: Mapping[str, _Words] = {
    "progenitor_host": _Words("Progenitors, host", CELLS),
    "progenitor_injected": _Words("Progenitors, injected", CELLS),
    "osteoblast": _Words("Osteoblasts", CELLS),
    "chondrocyte": _Words("Chondrocytes", CELLS),
    "fibroblast": _Words("Fibroblasts", CELLS),
    "inert_nucleated": _Words("Other injected cells", CELLS),
    "woven": _Words("Woven bone", MATRIX, TISSUE, SHARE),
    "mineralised": _Words("Mineralised bone", MATRIX, TISSUE, SHARE),
    "lamellar": _Words("Lamellar bone", MATRIX, TISSUE, SHARE),
    "cartilage": _Words("Cartilage", MATRIX, TISSUE, SHARE),
    "fibrous": _Words("Fibrous tissue", MATRIX, TISSUE, SHARE),
    "clot": _Words("Clot", MATRIX, TISSUE, SHARE),
    "demineralised_bone": _Words("Demineralised bone", MATRIX, TISSUE, SHARE),
    "allograft": _Words("Allograft", MATRIX, TISSUE, SHARE),
    "ceramic": _Words("Ceramic", MATRIX, TISSUE, SHARE),
    "dead_bone": _Words("Dead share of the old bone beside it", AROUND, "%", SHARE),
    "perfusion": _Words("Perfusion", AROUND, "% of living bone", SHARE),
    "oxygen": _Words("Oxygen", AROUND),
    "signal": _Words("Osteogenic signal", AROUND, "half-response values"),
    "strain": _Words("Distortional strain, averaged over days", LOAD, "%", SHARE, "log", 3),
    "dilatation": _Words("Mean normal strain, averaged over days", LOAD, "%", SHARE),
    "pressure": _Words("Pressure, averaged over days", LOAD, "kPa", 1e3, "log", 3),
}
"""What a name and a unit alone do not tell; a field without an entry is shown by these two."""

ALL_PROGENITORS = ("progenitor_injected", "progenitor_host")
TOGETHER = Field(
    "progenitors", "Progenitors, all", "cells per mL", 1e6, "log", 5, CELLS, ALL_PROGENITORS
)


def described(name: str, unit: str) -> Field:
    """Return how a field of a course is shown, from its name and its unit there.

    A field of a model that this file does not know is called by its name and keeps its unit;
    cells are always counted per mL on a logarithmic scale.
    """
    is_cells = unit == "1e6/mL"
    words = KNOWN.get(name) or _Words(key_words(name).capitalize(), CELLS if is_cells else REST)
    if is_cells:
        return Field(name, words.label, "cells per mL", 1e6, "log", 5, words.group, (name,))
    if words.unit:
        shown, factor = words.unit, words.factor
    else:
        factor, shown = plain(unit)
    return Field(name, words.label, shown, factor, words.law, words.decades, words.group, (name,))


def plain(unit: str) -> tuple[float, str]:
    """Return the number that a unit begins with, and the unit without it.

    Examples
    --------
    ``plain("100 ng/mL")`` is ``(100.0, "ng/mL")``.
    """
    number, _, rest = unit.partition(" ")
    if rest and NUMBER.fullmatch(number):
        return float(number), rest
    return 1.0, "no unit" if unit == "1" else unit


def shown(run: Run) -> list[Field]:
    """Return every field of a run's course, group by group; progenitors of both kinds first."""
    names = list(run.course.fields)
    found = [described(name, UNITS[name]) for name in names]
    if set(ALL_PROGENITORS) <= set(names):
        found.insert(0, TOGETHER)
    known = {name: number for number, name in enumerate(KNOWN)}
    return sorted(
        found, key=lambda f: (GROUPS.index(f.group), f is not TOGETHER, known.get(f.key, -1))
    )


def values(course_fields: Mapping[str, Voxels], field: Field, index: int) -> Voxels:
    """Return a field at a snapshot in the unit it is shown in, (x, y, z)."""
    total: Voxels = sum(course_fields[name][index] for name in field.parts) * field.factor
    return total
