"""Owns the biology that is an input of the emulator: numbers of the catalogue to be calibrated."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.catalogue.load import catalogue
from trephine.core.errors import CatalogueError
from trephine.core.units import Unit, factor
from trephine.models.beliefs import Beliefs
from trephine.models.callus import CallusParameters, in_engine_units
from trephine.models.healing import HealParameters
from trephine.models.reading import quantile
from trephine.models.signal import can_tip
from trephine.study.input_range import Array, Input, Values

ENGINE = (
    "callus.progenitor_signal",
    "callus.to_fibrous",
    "callus.unsignalled_growth",
    "callus.progenitor_loss",
    "callus.signal_clearance",
    "callus.vessel_spread",
    "callus.vessel_growth",
    "callus.ossification",
)
"""What of the engine must be calibrated."""
PRODUCT = ("callus.scaffold_signal", "callus.clot_lysis", "callus.inert_oxygen_share")
"""What of the product must be, besides how many of its cells stay and work."""
RECORDS = (*ENGINE, *PRODUCT)
"""Records that are inputs, by id."""
ASSAY, POTENCY = "callus.assay_factor", "callus.cultured_potency"
"""Records that only scale the progenitors: functional ones per colony, and per cultured cell."""


@cache
def beliefs() -> Beliefs:
    """Return the numbers of the catalogue as printed."""
    return Beliefs.printed()


@cache
def _unit(record: str) -> Unit:
    hints = typing.get_type_hints(CallusParameters, include_extras=True)
    return next(m for m in hints[_field(record)].__metadata__ if isinstance(m, Unit))


def _field(record: str) -> str:
    return record.rpartition(".")[2]


def _ends(record: str) -> tuple[float, float]:
    spread = catalogue().record(record).spread
    if spread is None or spread.low is None or spread.high is None:
        raise CatalogueError(f"{record} needs a spread with two ends to be an input")
    return spread.low, spread.high


@cache
def biology() -> tuple[Input, ...]:
    """Return the inputs that are biology; their ranges are the spreads of their records."""
    found = []
    for name in RECORDS:
        record, unit = catalogue().record(name), _unit(name)
        scale = factor(record.unit, unit.si)
        low, high = (end * scale for end in _ends(name))
        found.append(Input(name, unit.si, record.unit, low, high, record.about))
    return tuple(found)


@cache
def ranges() -> dict[str, tuple[float, float]]:
    """Return the two ends of each range, in the units of the records."""
    return {name: _ends(name) for name in RECORDS}


@cache
def printed() -> dict[str, float]:
    """Return what the catalogue prints of each input that is biology [SI]."""
    return {name: catalogue().record(name).si(_unit(name).si) for name in RECORDS}


def at(record: str, u: Array) -> Array:
    """Return the values of a record below which shares of its prior lie, (sample,) [SI].

    The prior is the spread of the catalogue.

    Parameters
    ----------
    record
        Id of a record of :data:`RECORDS`.
    u
        Shares, from 0 to 1, (sample,).
    """
    held = catalogue().record(record)
    return np.asarray(
        quantile(held, np.asarray(u, dtype=float)) * factor(held.unit, _unit(record).si)
    )


@cache
def _usual() -> dict[str, float]:
    return in_engine_units(beliefs().heal.callus)


def in_engine(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return all numbers of the engine's biology, in its units, with those of courses put in.

    Parameters
    ----------
    values
        Inputs, of which those that are biology are read, (sample,) [SI].
    """
    found: dict[str, Any] = dict(_usual())
    for name in RECORDS:
        unit = _unit(name)
        found[_field(name)] = np.asarray(values[name]) / factor(unit.shown, unit.si)
    return found


def is_possible(values: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return whether an untreated non-union stays one and some dose tips it, (sample,)."""
    return can_tip(in_engine(values))


def parameters(values: Values) -> HealParameters:
    """Return the numbers of healing with the biology of one course.

    Progenitors are told as functional ones, so none are scaled.
    """
    p = beliefs().heal
    changes = {_field(name): float(values[name]) for name in RECORDS}
    return replace(p, callus=replace(p.callus, **changes, assay_factor=1.0))
