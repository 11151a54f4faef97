"""The stage process: the aspirate becomes the product, as drawn, concentrated or cultured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trephine.case.aspirate import Aspirate
from trephine.case.concentrate import Concentrate
from trephine.case.processing import Concentrate as ConcentratePlan
from trephine.case.processing import Culture, Unspun
from trephine.case.suspension import Suspension
from trephine.core.errors import InputError, Problem, did_you_mean
from trephine.core.types import Budget
from trephine.models import culture, separation
from trephine.models.separation import PROGENITOR, ProcessParameters, SeparationParameters

VERSION = 2
"""Goes up when the same inputs give another product."""


def problems(
    plan: Unspun | ConcentratePlan | Culture, p: ProcessParameters, place: str = "process"
) -> list[Problem]:
    """Return what in a plan of processing the catalogue has no numbers for.

    Parameters
    ----------
    plan
        The processing.
    p
        Known devices.
    place
        Where the processing stands in its document.
    """
    if not isinstance(plan, ConcentratePlan) or plan.device in p.separation.devices:
        return []
    hint = did_you_mean(plan.device, p.separation.devices)
    return [Problem(f"{place}.device", f"'{plan.device}' is unknown; {hint}")]


def check_device(name: str, p: ProcessParameters, place: str = "process.device") -> None:
    """Raise InputError with the nearest known name if the catalogue has no such device."""
    if name not in p.separation.devices:
        hint = did_you_mean(name, p.separation.devices)
        raise InputError("the device is unknown", [Problem(place, f"'{name}' is unknown; {hint}")])


def process(
    *,
    aspirate: Aspirate,
    plan: Unspun | ConcentratePlan | Culture,
    p: ProcessParameters,
    rng: np.random.Generator,
) -> Concentrate:
    """Return the product for injection.

    Parameters
    ----------
    aspirate
        The pooled marrow.
    plan
        How it is processed.
    p
        The numbers of the density cut and of culture.
    rng
        Luck of the run, one deviate; none where the marrow is left as drawn.

    Returns
    -------
    Concentrate
        One budget for each class of cells, for platelets, red cells and the volume; all close.

    Raises
    ------
    InputError
        If the device is unknown, if the product volume is impossible, or if more cells are
        asked for than grew.
    """
    wrong = problems(plan, p)
    if wrong:
        raise InputError("the marrow cannot be processed", wrong)
    if isinstance(plan, Unspun):
        return _as_drawn(aspirate, p.separation)
    luck = float(rng.standard_normal())
    if isinstance(plan, ConcentratePlan):
        return _concentrated(aspirate, plan, p.separation, luck)
    return _cultured(aspirate, plan, p, luck)


def _classes(pool: Suspension, p: SeparationParameters) -> dict[str, float]:
    """Return the cells of a pool by class; together the nucleated cells, progenitors included."""
    others = pool.nucleated - pool.progenitors
    return {
        **{name: others * share for name, share in p.shares().items()},
        PROGENITOR: pool.progenitors,
    }


def _budgets(
    before: Mapping[str, float], after: Mapping[str, float], discarded: Mapping[str, float]
) -> list[Budget]:
    return [
        Budget(
            f"{name}s",
            "1",
            {"drawn": count},
            {"in the product": after[name], "discarded": discarded[name]},
        )
        for name, count in before.items()
    ]


def _as_drawn(aspirate: Aspirate, p: SeparationParameters) -> Concentrate:
    pool = aspirate.pool
    cells = {**_classes(pool, p), "platelet": pool.platelets}
    return Concentrate(
        product=pool,
        method="marrow as drawn",
        recovery_nucleated=1.0,
        recovery_progenitors=1.0,
        cultured=False,
        budgets=(
            *_budgets(cells, cells, dict.fromkeys(cells, 0.0)),
            _liquid("red cells", pool.red_cell_volume, pool.red_cell_volume, 0.0),
            _liquid("volume", pool.volume, pool.volume, 0.0),
        ),
    )


def _liquid(quantity: str, drawn: float, product: float, discarded: float) -> Budget:
    return Budget(
        quantity, "m^3", {"drawn": drawn}, {"in the product": product, "discarded": discarded}
    )


def _concentrated(
    aspirate: Aspirate, plan: ConcentratePlan, p: SeparationParameters, luck: float
) -> Concentrate:
    device, pool = p.devices[plan.device], aspirate.pool
    reached = separation.recoveries(device, p, luck)
    before = _classes(pool, p)
    after = {name: count * reached[name] for name, count in before.items()}
    discarded = {name: count * (1.0 - reached[name]) for name, count in before.items()}
    before["platelet"] = pool.platelets
    after["platelet"] = pool.platelets * device.platelet_recovery
    discarded["platelet"] = pool.platelets * (1.0 - device.platelet_recovery)

    volume = plan.product_volume
    haematocrit = separation.product_haematocrit(
        device.red_cell_carryover, pool.haematocrit, pool.volume, volume
    )
    red = float(haematocrit) * volume
    plasma, plasma_drawn = volume - red, pool.volume - pool.red_cell_volume
    _refuse_impossible_volume(volume, red, plasma_drawn, p)
    nucleated = sum(after[name] for name in (*p.share, PROGENITOR))
    product = Suspension(
        volume=volume,
        nucleated=nucleated,
        progenitors=after[PROGENITOR],
        platelets=after["platelet"],
        red_cell_volume=red,
        anticoagulant=pool.anticoagulant * plasma / plasma_drawn,
    )
    red_discarded = (1.0 - device.red_cell_carryover) * pool.red_cell_volume
    return Concentrate(
        product=product,
        method=f"concentrated {pool.volume / volume:.2g}-fold in volume by {plan.device}",
        recovery_nucleated=nucleated / pool.nucleated,
        recovery_progenitors=reached[PROGENITOR],
        cultured=False,
        budgets=(
            *_budgets(before, after, discarded),
            _liquid("red cells", pool.red_cell_volume, red, red_discarded),
            _liquid("volume", pool.volume, volume, red_discarded + plasma_drawn - plasma),
        ),
    )


def _refuse_impossible_volume(
    volume: float, red: float, plasma_drawn: float, p: SeparationParameters
) -> None:
    """Raise InputError where the red cells do not pack into a volume, or plasma would run out."""
    least, most = red / p.packing_limit, plasma_drawn + red
    if least <= volume <= most * (1.0 + 1e-9):
        return
    why = "the red cells that come over alone would fill it"
    if volume > most:
        why = "there is not that much plasma"
    raise InputError(
        "the marrow cannot be concentrated",
        [
            Problem(
                "process.product_volume",
                f"{volume * 1e6:.3g} mL cannot be had from this marrow, {why}; "
                f"write one from {least * 1e6:.3g} to {most * 1e6:.3g} mL",
            )
        ],
    )


def _shortfall(plan: Culture, grown: float) -> str:
    return (
        f"The culture of {plan.duration / 86400:g} days gave {grown:.3g} cells, fewer than the "
        f"{plan.dose:.3g} asked for; all of them are injected."
    )


def _cultured(aspirate: Aspirate, plan: Culture, p: ProcessParameters, luck: float) -> Concentrate:
    pool = aspirate.pool
    pace = culture.doubling_time(aspirate.donor_age, luck, p.culture)
    growth = culture.expand(pool.progenitors, plan.duration, pace, p.culture)
    dose = growth.cells if plan.dose is None else min(plan.dose, growth.cells)
    short = plan.dose is not None and plan.dose > growth.cells
    others = {**_classes(pool, p.separation), "platelet": pool.platelets}
    others.pop(PROGENITOR)
    progenitors = Budget(
        "progenitors",
        "1",
        {"drawn": pool.progenitors, "grown": growth.grown},
        {
            "in the product": dose,
            "kept back": growth.cells - dose,
            "lost at passages": growth.lost,
            "did not attach": pool.progenitors - growth.attached,
        },
    )
    return Concentrate(
        product=Suspension(plan.product_volume, dose, dose, 0.0, 0.0, 0.0),
        method=(
            f"cultured for {plan.duration / 86400:g} days, {growth.doublings:.1f} doublings in "
            f"{growth.passages} passages"
        ),
        recovery_nucleated=dose / pool.nucleated,
        recovery_progenitors=dose / pool.progenitors,
        cultured=True,
        budgets=(
            *_budgets(others, dict.fromkeys(others, 0.0), others),
            progenitors,
            _liquid("red cells", pool.red_cell_volume, 0.0, pool.red_cell_volume),
            Budget(
                "volume",
                "m^3",
                {"drawn": pool.volume, "medium": plan.product_volume},
                {"in the product": plan.product_volume, "discarded": pool.volume},
            ),
        ),
        notices=(_shortfall(plan, growth.cells),) if short else (),
    )
