"""The stage process: the harvest becomes the product, as drawn, concentrated or cultured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from trephine.case.aspirate import Aspirate
from trephine.case.concentrate import Concentrate
from trephine.case.processing import (
    OF_FAT,
    Centrifuge,
    Culture,
    FragmentedFat,
    Processing,
    StromalFraction,
    Unspun,
)
from trephine.case.processing import Concentrate as ConcentratePlan
from trephine.case.suspension import Suspension
from trephine.core.errors import InputError, Problem, did_you_mean
from trephine.core.types import Budget
from trephine.models.culture import Growth
from trephine.models.processing import Processed, ProcessParameters, processed
from trephine.models.separation import PROGENITOR

VERSION = 3
"""Goes up when the same inputs give another product."""


def problems(plan: Processing, p: ProcessParameters, place: str = "process") -> list[Problem]:
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
    plan: Processing,
    p: ProcessParameters,
    rng: np.random.Generator,
) -> Concentrate:
    """Return the product for injection.

    Parameters
    ----------
    aspirate
        The harvest, pooled.
    plan
        How it is processed.
    p
        The numbers of processing.
    rng
        Luck of the run, one deviate; none where the marrow is left as drawn.

    Returns
    -------
    Concentrate
        One budget for each class of cells, for platelets, red cells and the volume; all close.

    Raises
    ------
    InputError
        If the device is unknown, or if the product volume is impossible.
    """
    wrong = problems(plan, p)
    if wrong:
        raise InputError("the marrow cannot be processed", wrong)
    luck = 0.0 if isinstance(plan, Unspun) else float(rng.standard_normal())
    pool = aspirate.pool
    made = processed(pool, plan, aspirate.donor_age, p, luck)
    wrong = impossible(made)
    if wrong:
        raise InputError("the marrow cannot be concentrated", wrong)
    growth = made.growth
    product = Suspension(**{f.name: float(getattr(made.product, f.name)) for f in fields(pool)})
    return Concentrate(
        product=product,
        method=_method(pool, plan, made),
        recovery_nucleated=product.nucleated / pool.nucleated,
        recovery_progenitors=float(made.recovered[PROGENITOR]),
        cultured=made.cultured,
        budgets=(*_cells(made), *_liquids(pool, product, made)),
        doublings=None if growth is None else float(growth.doublings),
        passages=None if growth is None else int(growth.passages),
        viability=None if made.viability is None else float(made.viability),
        notices=_notices(pool, plan, made, product, p),
    )


def impossible(made: Processed, place: str = "process") -> list[Problem]:
    """Return the problem of a volume into which cells do not pack, or with too much plasma.

    Parameters
    ----------
    made
        The product of one run.
    place
        Where the processing stands in its document.
    """
    if not made.held:
        return []
    volume, least, most = (
        float(np.squeeze(v)) for v in (made.product.volume, made.least, made.most)
    )
    why = "the cells that come over would fill it"
    if volume > most:
        why = "there is not that much plasma"
    accepted = f"one from {least * 1e6:.3g} to {most * 1e6:.3g} mL"
    if np.isinf(most):
        accepted = f"at least {least * 1e6:.3g} mL"
    return [
        Problem(
            f"{place}.product_volume",
            f"{volume * 1e6:.3g} mL cannot be had from this harvest, {why}; write {accepted}",
        )
    ]


def _method(pool: Suspension, plan: Processing, made: Processed) -> str:
    """Return how the product was made, in words."""
    if made.growth is not None and isinstance(plan, Culture):
        return (
            f"cultured for {plan.duration / 86400:g} days, {made.growth.doublings:.1f} doublings "
            f"in {made.growth.passages} passages"
        )
    if isinstance(plan, ConcentratePlan):
        times = pool.volume / plan.product_volume
        return f"concentrated {times:.2g}-fold in volume by {plan.device}"
    if isinstance(plan, Centrifuge):
        times = pool.volume / plan.product_volume
        return f"concentrated {times:.2g}-fold in volume at {plan.spin.force:.4g} g in open tubes"
    if isinstance(plan, StromalFraction):
        return "cells of fat set free by collagenase"
    if isinstance(plan, FragmentedFat):
        return "fat cut into clusters and washed"
    return "marrow as drawn"


def _cells(made: Processed) -> list[Budget]:
    """Return one budget for each class of cells and for platelets."""
    budgets = []
    for name, count in made.before.items():
        if name == PROGENITOR and made.growth is not None:
            budgets.append(_cultured(count, made, made.growth))
            continue
        share, trapped = made.recovered[name], made.trapped.get(name, 0.0)
        went = {"in the product": count * share, "discarded": count * (1.0 - share - trapped)}
        if trapped:
            went["stays in clusters of fat"] = count * trapped
        budgets.append(_budget(f"{name}s", "1", {"drawn": count}, went))
    return budgets


def _cultured(seeded: float, made: Processed, growth: Growth) -> Budget:
    """Return what became of the progenitors and of those grown from them."""
    went = {
        "in the product": made.product.progenitors,
        "kept back": growth.cells - made.product.nucleated,
        "lost at passages": growth.lost,
        "did not attach": seeded - growth.attached,
    }
    if made.potency < 1.0:
        went["ceased to be progenitors"] = made.product.nucleated - made.product.progenitors
    return _budget("progenitors", "1", {"drawn": seeded, "grown": growth.grown}, went)


def _liquids(pool: Suspension, product: Suspension, made: Processed) -> list[Budget]:
    """Return the budgets of red cells and of the volume."""
    red = pool.red_cell_volume - product.red_cell_volume
    came, gone = {"drawn": pool.volume}, pool.volume + made.added - product.volume
    if made.added:
        came["medium" if made.cultured else "saline"] = made.added
    return [
        _budget(
            "red cells",
            "m^3",
            {"drawn": pool.red_cell_volume},
            {"in the product": product.red_cell_volume, "discarded": red},
        ),
        _budget("volume", "m^3", came, {"in the product": product.volume, "discarded": gone}),
    ]


def _budget(
    quantity: str, unit: str, came: Mapping[str, float], went: Mapping[str, float]
) -> Budget:
    sides = ({name: float(amount) for name, amount in side.items()} for side in (came, went))
    return Budget(quantity, unit, *sides)


def _notices(
    pool: Suspension, plan: Processing, made: Processed, product: Suspension, p: ProcessParameters
) -> tuple[str, ...]:
    """Return what a reader of the report must be told of the processing."""
    said = []
    growth, asked = made.growth, plan.dose if isinstance(plan, Culture) else None
    if isinstance(plan, Culture) and growth is not None and asked is not None:
        grown = float(growth.cells)
        if asked > grown:
            said.append(
                f"The culture of {plan.duration / 86400:g} days gave {grown:.3g} cells, fewer "
                f"than the {asked:.3g} asked for; {'no more' if made.crowded else 'all of them'} "
                "are injected."
            )
    if made.crowded:
        said.append(
            f"{product.volume * 1e6:.3g} mL hold {product.nucleated:.3g} of the cells that were to "
            f"be injected; no suspension denser than {p.culture.densest * 1e-6:.3g} cells per mL "
            "is injected, and the others are kept back."
        )
    if isinstance(plan, ConcentratePlan):
        device = p.separation.devices[plan.device]
        least, most = device.least_reduction, device.most_reduction
        times = pool.volume / plan.product_volume
        if not least <= times <= most:
            said.append(
                f"The volume is reduced {times:.3g}-fold; devices of this class ({plan.device}) "
                f"are told of at {least:g}- to {most:g}-fold, and beyond that their numbers may "
                "not hold."
            )
    if isinstance(plan, OF_FAT):
        said.append(
            "Progenitors of fat are counted by their colonies as those of marrow are; nothing "
            "shows that they build bone as marrow's do."
        )
    if product.haematocrit >= p.separation.harmful_haematocrit:
        said.append(
            "The product holds red cells. In culture red cells harm stromal cells within a day, "
            "more of them more; what that means in a lesion is not known, and no dose is taken "
            "off for it."
        )
    return tuple(said)
