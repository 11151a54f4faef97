"""What becomes of a harvest before it is injected: as drawn, concentrated or cultured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from trephine.case.processing import Concentrate, Culture, Processing, Unspun
from trephine.case.suspension import Suspension
from trephine.models import culture, separation
from trephine.models.culture import CultureParameters, Growth
from trephine.models.separation import PROGENITOR, DeviceParameters, SeparationParameters
from trephine.models.yields import Values

PLATELET = "platelet"
"""Counted with the cells, though it is none."""


@dataclass(frozen=True)
class ProcessParameters:
    """The numbers of processing: the density cut with its devices, and culture."""

    SECTION: ClassVar[str] = "process"

    separation: SeparationParameters
    culture: CultureParameters


@dataclass(frozen=True)
class Processed:
    """The product, and what became of what went in; over samples each number is (sample,).

    Parameters
    ----------
    product
        What is handed to the surgeon.
    before
        Cells that went in by class, platelets among them [-].
    recovered
        Share of each class that is in the product [-]; above 1 where cells were grown.
    cultured
        Whether the progenitors were expanded in culture.
    held
        Whether the share of red cells that comes over had to be held to what packs, or to what
        the plasma leaves; the operator of a single run is told so instead.
    growth
        What grew, where cells were cultured.
    """

    product: Suspension
    before: Mapping[str, Any]
    recovered: Mapping[str, Any]
    cultured: bool = False
    held: Any = False
    growth: Growth | None = None


def processed(
    pool: Suspension,
    plan: Processing,
    age: Values | None,
    p: ProcessParameters,
    luck: Values,
) -> Processed:
    """Return what processing makes of a harvest.

    Parameters
    ----------
    pool
        What was drawn; its amounts are numbers or samples of them, (sample,).
    plan
        How it is processed.
    age
        Age of the donor [s], where known; old donors' cells grow more slowly in culture.
    p
        The numbers of the density cut and of culture.
    luck
        Standard normal deviate of the run, (sample,) [-].
    """
    if isinstance(plan, Concentrate):
        device = p.separation.devices[plan.device]
        return _concentrated(pool, plan, device, p.separation, luck)
    if isinstance(plan, Culture):
        return _cultured(pool, plan, age, p, luck)
    if isinstance(plan, Unspun):
        before = classes(pool, p.separation)
        return Processed(pool, before, dict.fromkeys(before, 1.0))
    raise TypeError(f"{plan.method} has no law")


def classes(pool: Suspension, p: SeparationParameters) -> dict[str, Any]:
    """Return the cells of a pool by class; without platelets they are the nucleated cells [-]."""
    others = pool.nucleated - pool.progenitors
    return {
        **{name: others * share for name, share in p.shares().items()},
        PROGENITOR: pool.progenitors,
        PLATELET: pool.platelets,
    }


def _concentrated(
    pool: Suspension,
    plan: Concentrate,
    device: DeviceParameters,
    p: SeparationParameters,
    luck: Values,
) -> Processed:
    """Return what a device makes of marrow, by the density cut (C4 to C6)."""
    if plan.spin is not None:
        device = replace(device, spin_dose=plan.spin.dose)
        if plan.spin.column is not None:
            device = replace(device, column_height=plan.spin.column)
    volume = plan.product_volume
    over, held = separation.carried(
        device.red_cell_carryover, pool.haematocrit, pool.volume, volume, p.packing_limit
    )
    recovered = separation.recoveries(device, p, luck, over)
    recovered[PLATELET] = device.platelet_recovery
    return _taken(pool, volume, over, recovered, held, p)


def _taken(
    pool: Suspension,
    volume: float,
    carried: Values,
    recovered: dict[str, Any],
    held: Values,
    p: SeparationParameters,
) -> Processed:
    """Return a product of some volume that holds some of the red cells and of each class."""
    before = classes(pool, p)
    red: Any = carried * pool.red_cell_volume
    plasma: Any = (volume - red) / (pool.volume - pool.red_cell_volume)
    nucleated: Any = sum(before[name] * recovered[name] for name in (*p.share, PROGENITOR))
    product = Suspension(
        volume=volume,
        nucleated=nucleated,
        progenitors=before[PROGENITOR] * recovered[PROGENITOR],
        platelets=before[PLATELET] * recovered[PLATELET],
        red_cell_volume=red,
        anticoagulant=pool.anticoagulant * plasma,
    )
    return Processed(product, before, recovered, held=held)


def _cultured(
    pool: Suspension, plan: Culture, age: Values | None, p: ProcessParameters, luck: Values
) -> Processed:
    """Return what a culture grows of the progenitors; everything else is left behind."""
    pace = culture.doubling_time(age, luck, p.culture)
    growth = culture.expand(pool.progenitors, plan.duration, pace, p.culture)
    dose = growth.cells if plan.dose is None else np.minimum(plan.dose, growth.cells)
    before = classes(pool, p.separation)
    recovered: dict[str, Any] = dict.fromkeys(before, 0.0)
    recovered[PROGENITOR] = dose / pool.progenitors
    product = Suspension(plan.product_volume, dose, dose, 0.0, 0.0, 0.0)
    return Processed(product, before, recovered, cultured=True, growth=growth)
