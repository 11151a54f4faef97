"""Owns the coordinates in which the emulator sees its inputs: logarithms, shares and densities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.models.signal import tipping_dose
from trephine.study import inputs
from trephine.study.biology import ENGINE, PRODUCT, in_engine, printed
from trephine.study.inputs import DAY, NUMBERS

Array = NDArray[np.floating[Any]]

FEWEST, FEWEST_OTHERS = inputs.FEWEST, NUMBERS[inputs.OTHERS].low
USUAL = {"share": 0.5, "volume": 5e-6, "nail": 0.77, "again": 42.0}
"""Where a course without injection, or without nail, stands in what it has not got."""
SCAFFOLD, LYSIS, UPTAKE = PRODUCT
STILL_UPTAKE = 1e9
"""Progenitors per volume whose uptake of oxygen hardly matters [1/m^3]."""
STILL = 1e-2
"""Movement of the bone ends beside the gap below which load hardly matters [-]."""

NAMES = (
    "gap",
    "outer diameter",
    "canal to outer diameter",
    "nailed",
    "nail to canal",
    "early movement to gap",
    "middle movement to gap",
    "late movement to gap",
    "stiffness times gap per area",
    "perfusion",
    *inputs.SITE[1:],
    "age",
    "smoker",
    "diabetes",
    "weeks of a non-steroidal drug",
    "weeks of a corticosteroid",
    "injected",
    "progenitors",
    "progenitors per volume",
    "volume to room",
    "other cells per volume",
    "clot",
    "demineralised bone",
    "solid to volume",
    "day",
    "injected again",
    "day of the second injection",
    *(name.removeprefix("callus.") for name in ENGINE),
    "signal of the scaffold",
    "lysis of the clot",
    "uptake of the other cells",
    "response at the threshold",
    "progenitors per threshold",
)
"""What the coordinates are, in order."""


def coordinates(values: Mapping[str, Any]) -> Array:
    """Return the coordinates of courses, (sample, coordinate).

    Fewer cells than the fewest of the designed runs count as these: they are nobody's dose.

    Parameters
    ----------
    values
        The inputs, (sample,) each [SI].
    """
    carrier = np.asarray(values[inputs.CARRIER])
    injected, solid = carrier != inputs.CARRIERS[0], carrier == "demineralised_bone"
    volume = np.where(injected, values[inputs.VOLUME], USUAL["volume"])
    cells = np.where(injected, np.maximum(values[inputs.CELLS], FEWEST), FEWEST)
    others = np.where(injected, np.maximum(values[inputs.OTHERS], FEWEST_OTHERS), FEWEST_OTHERS)
    gap, outer = np.asarray(values[inputs.GAP]), np.asarray(values[inputs.OUTER])
    nail, canal = np.asarray(values[inputs.NAIL]), np.asarray(values[inputs.CANAL])
    stiffness, again = np.asarray(values[inputs.STIFFNESS]), np.asarray(values[inputs.AGAIN])
    threshold, response = tipping_dose(in_engine(values))
    moved = [
        np.log(values[name] / (stiffness * gap) + STILL)
        for name in (inputs.EARLY, inputs.MIDDLE, inputs.LATE)
    ]
    columns = (
        np.log(gap),
        np.log(outer),
        canal / outer,
        nail > 0.0,
        np.where(nail > 0.0, nail / canal, USUAL["nail"]),
        *moved,
        np.log(stiffness * gap / outer**2),
        np.log(values["site.biology.perfusion"]),
        *(values[f"site.biology.{name}"] for name in inputs.SITE[1:]),
        values[inputs.AGE] / inputs.YEAR,
        values[inputs.SMOKER],
        values[inputs.DIABETES],
        *(np.sqrt(values[name] / (7.0 * DAY)) for name in (inputs.NSAID, inputs.STEROID)),
        injected,
        np.log(cells),
        np.log(cells / volume),
        np.where(injected, volume / inputs.room(values), USUAL["share"]),
        np.log(others / volume),
        carrier == "clot",
        solid,
        np.where(solid, values[inputs.SOLID] / volume, 0.0),
        values[inputs.INJECTED] / DAY,
        again > 0.0,
        np.where(again > 0.0, again / DAY, USUAL["again"]),
        *(_of(name, values[name]) for name in ENGINE),
        np.where(solid, values[inputs.SOLID] / volume * values[SCAFFOLD] * DAY, 0.0),
        np.where(carrier == "clot", np.log(values[LYSIS] / printed()[LYSIS]), 0.0),
        np.log(others / volume * values[UPTAKE] + STILL_UPTAKE),
        response,
        np.log(cells / volume / threshold),
    )
    shape = np.broadcast_shapes(*(np.shape(column) for column in columns))
    return np.stack([np.broadcast_to(np.asarray(c, float), shape) for c in columns], axis=-1)


def _of(name: str, values: Array) -> Array:
    """Return a number of the biology beside what is printed: shares as they are, rates in logs."""
    told = np.asarray(values) / printed()[name]
    return told if name == "callus.unsignalled_growth" else np.log(told)
