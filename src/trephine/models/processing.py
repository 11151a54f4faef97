"""What becomes of a harvest before it is injected: as drawn, concentrated, cultured, freed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar

import numpy as np

from trephine.case.processing import (
    Centrifuge,
    Concentrate,
    Culture,
    FragmentedFat,
    Processing,
    StromalFraction,
)
from trephine.case.suspension import Suspension
from trephine.models import adipose, culture, separation
from trephine.models.adipose import STROMAL, AdiposeParameters
from trephine.models.culture import CultureParameters, Growth
from trephine.models.separation import PROGENITOR, DeviceParameters, SeparationParameters
from trephine.models.settling import (
    PLATELET,
    RED_CELL,
    SettlingParameters,
    column_of,
    recoveries_of_spin,
)
from trephine.models.yields import Values, yield_of_run


@dataclass(frozen=True)
class ProcessParameters:
    """The numbers of processing: density cut and devices, culture, fat, and settling."""

    SECTION: ClassVar[str] = "process"

    separation: SeparationParameters
    culture: CultureParameters
    adipose: AdiposeParameters
    settling: SettlingParameters


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
    trapped
        Share of each class that is in the product but counts for nothing, in clusters of fat [-].
    cultured
        Whether the progenitors were expanded in culture.
    least, most
        Bounds of the product's volume: cells pack no further, and plasma runs out [m^3].
    growth
        What grew, where cells were cultured.
    added
        Volume of medium or saline added [m^3].
    potency
        Share of the cells in the product that are still progenitors, where they were grown [-].
    viability
        Share of the product's cells that are alive, where it is told; doses count the living [-].
    crowded
        Whether cells were kept back because no suspension so dense is injected.
    """

    product: Suspension
    before: Mapping[str, Any]
    recovered: Mapping[str, Any]
    trapped: Mapping[str, Any] = field(default_factory=dict)
    cultured: bool = False
    least: Any = 0.0
    most: Any = np.inf
    growth: Growth | None = None
    added: Any = 0.0
    potency: Any = 1.0
    viability: Any = None
    crowded: Any = False

    @property
    def held(self) -> Any:  # noqa: ANN401  (one answer, or one for each sample)
        """Whether the cells that come over had to be held to what the volume allows.

        The operator of a single run is told so instead.
        """
        volume = self.product.volume
        return (volume < self.least) | (volume > self.most * (1.0 + 1e-9))


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
        The numbers of processing.
    luck
        Standard normal deviate of the run, (sample,) [-].
    """
    if isinstance(plan, Concentrate):
        device = p.separation.devices[plan.device]
        return _concentrated(pool, plan, device, p, luck)
    if isinstance(plan, Centrifuge):
        return _spun(pool, plan, p, luck)
    if isinstance(plan, Culture):
        return _cultured(pool, plan, age, p, luck)
    if isinstance(plan, StromalFraction | FragmentedFat):
        return _of_fat(pool, plan, p, luck)
    before = classes(pool, p.separation)
    return Processed(pool, before, dict.fromkeys(before, 1.0))


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
    p: ProcessParameters,
    luck: Values,
) -> Processed:
    """Return what a device makes of marrow, by the density cut (C4 to C6)."""
    before, cut = classes(pool, p.separation), p.separation
    if plan.spin is not None:
        device = replace(device, spin_dose=plan.spin.dose)
        if plan.spin.column is not None:
            device = replace(device, column_height=plan.spin.column)
    freed = packed(before, separation.recoveries(device, cut, luck, 0.0), p)
    among = packed(before, separation.recoveries(device, cut, luck, 1.0), p) - freed
    share, red, limit = device.red_cell_carryover, pool.red_cell_volume, cut.packing_limit
    over = separation.carried(share, red, pool.volume, plan.product_volume, limit, freed, among)
    recovered = separation.recoveries(device, cut, luck, over)
    recovered[PLATELET] = device.platelet_recovery
    least, most = separation.room(share, red, pool.volume, limit, freed, among)
    return _taken(pool, plan.product_volume, over, recovered, cut, least=least, most=most)


def packed(before: Mapping[str, Any], recovered: Mapping[str, Any], p: ProcessParameters) -> Any:  # noqa: ANN401
    r"""Return the volume of the nucleated cells of a product alone, as spheres [m^3].

    .. math:: \sum_k N_k\, R_k\, \frac{\pi}{6}\, d_k^3

    Parameters
    ----------
    before, recovered
        Cells by class :math:`N_k`, and the share of each that comes over :math:`R_k` [-].
    p
        Diameters by class :math:`d_k` [m].
    """
    names = (*p.separation.share, PROGENITOR)
    return sum(before[k] * recovered[k] * sphere(p.settling.diameter[k]) for k in names)


def sphere(diameter: Values) -> Values:
    """Return the volume of a sphere [m^3]."""
    return np.pi / 6.0 * diameter**3


def _spun(pool: Suspension, plan: Centrifuge, p: ProcessParameters, luck: Values) -> Processed:
    """Return the slice taken off an open tube, by the course of settling in it.

    Over samples the tube is computed once, at the median haematocrit and the medians of the
    numbers of settling, and what a hand loses spreads as for devices.
    """
    volume, whole = plan.product_volume, float(np.median(pool.volume))
    tube = recoveries_of_spin(
        plan.spin,
        float(np.median(pool.haematocrit)),
        plan.red_cells,
        _middle(p.settling),
        volume / whole,
    )
    height, bottom, surface = column_of(plan.spin), float(tube.bottom), float(tube.surface)
    cells = yield_of_run(p.separation.open_tube.cell_yield, p.separation.cell_spread, luck)
    progenitors = yield_of_run(
        p.separation.open_tube.progenitor_yield, p.separation.progenitor_spread, luck
    )
    recovered: dict[str, Any] = {
        name: cells * float(tube.shares[name]) for name in p.separation.share
    }
    recovered[PROGENITOR] = progenitors * float(tube.shares[PROGENITOR])
    recovered[PLATELET] = cells * float(tube.shares[PLATELET])
    over = separation.carried(
        float(tube.shares[RED_CELL]), pool.red_cell_volume, pool.volume, volume, 1.0
    )
    least, most = whole * (surface - bottom) / height, whole * (height - bottom) / height
    return _taken(pool, volume, over, recovered, p.separation, least=least, most=most)


def _middle(value: Any) -> Any:  # noqa: ANN401  (a number, a table of them, or parameters)
    """Return the median of a number that holds samples, or parameters made of such medians."""
    if isinstance(value, Mapping):
        return {name: _middle(inner) for name, inner in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _middle(getattr(value, f.name)) for f in fields(value)})
    return float(np.median(value))


def _taken(
    pool: Suspension,
    volume: float,
    carried: Values,
    recovered: dict[str, Any],
    p: SeparationParameters,
    *,
    least: Values,
    most: Values,
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
    return Processed(product, before, recovered, least=least, most=most)


def _cultured(
    pool: Suspension, plan: Culture, age: Values | None, p: ProcessParameters, luck: Values
) -> Processed:
    """Return what a culture grows of the progenitors; everything else is left behind."""
    pace = culture.doubling_time(age, luck, p.culture, plan.medium)
    growth = culture.expand(pool.progenitors, plan.duration, pace, p.culture)
    wanted: Any = growth.cells if plan.dose is None else np.minimum(plan.dose, growth.cells)
    most = p.culture.densest * plan.product_volume
    dose: Any = np.minimum(wanted, most)
    potency: Any = culture.potency(growth.doublings, p.culture)
    before = classes(pool, p.separation)
    recovered: dict[str, Any] = dict.fromkeys(before, 0.0)
    recovered[PROGENITOR] = dose * potency / pool.progenitors
    return Processed(
        Suspension(plan.product_volume, dose, dose * potency, 0.0, 0.0, 0.0),
        before,
        recovered,
        cultured=True,
        growth=growth,
        added=plan.product_volume,
        potency=potency,
        viability=p.culture.viability,
        crowded=wanted > most * (1.0 + 1e-9),
    )


def _of_fat(
    pool: Suspension, plan: StromalFraction | FragmentedFat, p: ProcessParameters, luck: Values
) -> Processed:
    """Return the cells that collagenase frees, or fat in clusters; red cells are washed away."""
    if isinstance(plan, StromalFraction):
        shares, alive = adipose.digested(p.adipose, luck), p.adipose.digestion_viability
        fat: Any = 0.0
    else:
        shares = adipose.fragmented(pool.volume, plan.product_volume, p.adipose, luck)
        alive = p.adipose.cut_viability
        kept = shares.progenitors + shares.trapped_progenitors
        fat = kept * pool.volume / p.adipose.cluster_density
    before = {STROMAL: pool.nucleated - pool.progenitors, PROGENITOR: pool.progenitors}
    progenitors: Any = before[PROGENITOR] * shares.progenitors
    nucleated: Any = before[STROMAL] * shares.others + progenitors
    each = sphere(p.settling.diameter[PROGENITOR])
    return Processed(
        Suspension(plan.product_volume, nucleated, progenitors, 0.0, 0.0, 0.0),
        before,
        {STROMAL: shares.others, PROGENITOR: shares.progenitors},
        {STROMAL: shares.trapped_others, PROGENITOR: shares.trapped_progenitors},
        least=nucleated * each / p.separation.packing_limit,
        added=plan.product_volume - fat,
        viability=alive,
    )
