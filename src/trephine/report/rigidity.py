"""Owns how stiff the tissue is in six ways: a table by examination, and bending and torsion."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trephine.case.course import MOTIONS
from trephine.case.run import Run
from trephine.catalogue.load import catalogue
from trephine.core.types import Series
from trephine.core.units import in_unit
from trephine.report.frames import Frames
from trephine.report.legend import Graph, Key, events
from trephine.report.palette import ACCENT, SECOND
from trephine.report.svg import Panel, decades
from trephine.report.words import NO_BREAK, rounded

Matrix = NDArray[np.float64]

YARDSTICK = "yardsticks.healed_bending"
NAMES = {
    "axial": "Along the shaft",
    "shear_x": "Across it, right to left",
    "shear_y": "Across it, front to back",
    "bending_x": "Bending in the side view",
    "bending_y": "Bending in the front view",
    "torsion": "Torsion",
}
BEND = slice(MOTIONS.index("bending_x"), MOTIONS.index("bending_y") + 1)
TURN = MOTIONS.index("torsion")


class Row(NamedTuple):
    """One way to move the bone ends: its name, unit, a number an examination, the implant's."""

    name: str
    unit: str
    tissue: list[str]
    implant: str


class Table(NamedTuple):
    """Stiffness by examination: the weeks, and a row for each of the six ways."""

    weeks: list[str]
    rows: list[Row]


def compliance(stiffness: Matrix) -> Matrix:
    r"""Return how far each motion gives way under each load while nothing else is held.

    .. math:: C = K^{-1}

    A motion that nothing resists gives way without end: its entry is infinite.

    Parameters
    ----------
    stiffness
        Symmetric stiffness in the order of :data:`trephine.case.course.MOTIONS`, (6, 6).
    """
    size = np.sqrt(np.clip(np.diag(stiffness), 0.0, None))
    held = size > 0
    found = np.full(stiffness.shape, 0.0)
    np.fill_diagonal(found, np.where(held, 0.0, np.inf))
    if held.any():
        scale = size[held]
        values, ways = np.linalg.eigh(stiffness[np.ix_(held, held)] / np.outer(scale, scale))
        # Below this the sign of an eigenvalue is rounding: the way is free.
        firm = np.where(values > 1e-12, values, 1e-300)
        found[np.ix_(held, held)] = (ways / firm) @ ways.T / np.outer(scale, scale)
    return found


def alone(stiffness: Matrix) -> Series:
    """Return the stiffness of each motion while the other five are free, (6,)."""
    free = np.diag(compliance(stiffness))
    single: Series = np.where(free < 1e250, 1.0 / np.maximum(free, 1e-250), 0.0)
    return single


def weakest_bending(stiffness: Matrix) -> float:
    """Return the least bending stiffness over all directions, other motions free [N*m/rad]."""
    block = compliance(stiffness)[BEND, BEND]
    if not np.isfinite(block).all():
        return 0.0
    return float(1.0 / np.linalg.eigvalsh(block)[-1])


def per_degree(stiffness: float) -> float:
    """Return a stiffness against turning in Nm/deg, from N*m/rad."""
    return in_unit(stiffness, "N*m/rad", "N*m/deg")


def table(run: Run) -> Table:
    """Return stiffness in six ways at each examination, with the implant's own beside it."""
    course = run.course
    tissue = [alone(matrix) for matrix in course.stiffness_matrix]
    implant = alone(course.fixation_matrix)
    rows = []
    for number, motion in enumerate(MOTIONS):
        turns = number >= BEND.start

        def told(value: float, *, turns: bool = turns) -> str:
            return rounded(per_degree(value) if turns else in_unit(value, "N/m", "N/mm"))

        rows.append(
            Row(
                NAMES[motion],
                "Nm/deg" if turns else "N/mm",
                [told(float(values[number])) for values in tissue],
                told(float(implant[number])),
            )
        )
    return Table([rounded(float(day) / 7.0) for day in course.examined], rows)


def graph(run: Run, frames: Frames) -> Graph:
    """Return bending and torsion of the tissue at each examination, beside the implant's."""
    course, weeks = run.course, run.course.examined / 7.0
    healed = catalogue().record(YARDSTICK).printed
    lines = {
        "Bending, weakest direction": (
            ACCENT,
            np.array([per_degree(weakest_bending(k)) for k in course.stiffness_matrix]),
            per_degree(weakest_bending(course.fixation_matrix)),
        ),
        "Torsion": (
            SECOND,
            np.array([per_degree(float(alone(k)[TURN])) for k in course.stiffness_matrix]),
            per_degree(float(alone(course.fixation_matrix)[TURN])),
        ),
    }
    shown = [values for _, values, _ in lines.values()]
    implants = np.array([implant for _, _, implant in lines.values()])
    low, high = decades([*shown, implants, np.array([healed])], 1e6)
    panel = Panel.of(
        course.day / 7.0,
        (low, high),
        "Nm/deg",
        "Lines: stiffness of the tissue against bending and torsion, by examination",
        log=True,
    )
    drawn, over, keys = [panel.axes(), panel.events(events(run))], [], []
    for name, (colour, values, implant) in lines.items():
        constant = np.full(course.day.size, implant)
        drawn.append(panel.line(course.day / 7.0, constant, colour, dash="3 5"))
        over += [panel.line(weeks, values, colour), panel.dots(weeks, values, colour)]
        keys.append(Key(name, colour, _readings(frames, weeks, values)))
        told = [f"{rounded(implant)}{NO_BREAK}Nm/deg"] * len(frames)
        keys.append(Key(f"{name.split(',')[0]}, implant", colour, told, "3 5"))
    words = f"bending called healed: {rounded(healed)}{NO_BREAK}Nm/deg"
    drawn += [panel.level(healed, words, left=True), *over]
    note = (
        "Dots: examinations; the numbers above are those of the last one before the chosen "
        "week. Dashed: the implant alone."
    )
    return Graph("Bending and torsion", note, panel.drawing(drawn), keys)


def _readings(frames: Frames, weeks: Series, values: Series) -> list[str]:
    """Return what was last examined at each frame."""
    last = np.searchsorted(weeks, frames.week + 1e-6) - 1
    return [f"{rounded(float(values[i]))}{NO_BREAK}Nm/deg" if i >= 0 else "" for i in last]
