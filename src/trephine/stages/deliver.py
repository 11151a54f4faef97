"""The stage deliver: product and needle give what stays at the lesion, voxel by voxel."""

from __future__ import annotations

import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.concentrate import Concentrate
from trephine.case.delivery import Delivery
from trephine.case.graft import Graft, Loss, Passage
from trephine.case.settings import Settings
from trephine.case.suspension import Suspension
from trephine.core.errors import InputError, Problem
from trephine.core.types import Budget, Voxels
from trephine.models import placement
from trephine.models.injection import Delivered, InjectionParameters, Step, bore, delivered

VERSION = 3
"""Goes up when the same inputs give another product."""
NO_GAP = "no voxel holds any of the gap; widen it or use finer voxels"


def problems(plan: Delivery, p: InjectionParameters, place: str = "deliver") -> list[Problem]:
    """Return what in a plan of delivery cannot be done by the catalogue's numbers.

    Parameters
    ----------
    plan
        The delivery.
    p
        Known needles.
    place
        Where the delivery stands in its document.
    """
    found = []
    try:
        bore(plan.needle.gauge, p)
    except ValueError as error:
        found.append(Problem(f"{place}.needle.gauge", str(error)))
    pores = plan.carrier_volume * (1.0 - p.solid.get(plan.carrier, 0.0))
    if pores > plan.volume * (1.0 + 1e-9):
        most = plan.volume / (1.0 - p.solid[plan.carrier])
        said = (
            f"the product ({plan.volume * 1e6:.3g} mL) does not fill the pores of this much "
            f"{plan.carrier}; at most {most * 1e6:.3g} mL"
        )
        found.append(Problem(f"{place}.carrier_volume", said))
    return found


def misses(plan: Delivery, anatomy: Anatomy, place: str = "deliver") -> list[Problem]:
    """Return the problem of portions that lie beside the bone."""
    if plan.apart <= anatomy.outer_radius:
        return []
    text = (
        f"portions {plan.apart * 1e3:.3g} mm from the middle of the gap miss the bone, whose "
        f"radius is {anatomy.outer_radius * 1e3:.3g} mm; write at most that"
    )
    return [Problem(f"{place}.apart", text)]


def deliver(
    *,
    concentrate: Concentrate,
    anatomy: Anatomy,
    plan: Delivery,
    day: float,
    p: InjectionParameters,
    s: Settings,
    rng: np.random.Generator,
    held: float = 0.0,
) -> Graft:
    """Return what of the product stays at the lesion, on the grid.

    How much stays is :func:`trephine.models.injection.delivered`, told of one sample; where it
    lies is :mod:`trephine.models.placement`. The share that guidance misplaces is lost as a
    share; the error of the needle tip moves what is left within the lesion and loses nothing,
    so a miss counts once.

    Parameters
    ----------
    concentrate
        The product. Its nucleated cells include the progenitors; those of the graft's voxels
        do not.
    anatomy
        The site.
    plan
        Volume, needle, guidance, carrier, reach and portions.
    day
        Day of the injection [s].
    p
        The numbers of delivery.
    s
        Settings; the anatomy already lies on their grid.
    rng
        Luck of the needle tip, three deviates for each portion.
    held
        Time the product waited before this session, beyond the wait of the plan [s].

    Returns
    -------
    Graft
        The cells lie in proportion to the fill. Budgets close on the sums over the voxels.

    Raises
    ------
    InputError
        If the needle is unknown, more is injected than there is, the portions miss the bone, or
        the grid holds no gap.
    """
    del s
    product = concentrate.product
    _refuse(plan, product.volume, anatomy, p)
    if not anatomy.gap.any():
        raise InputError(
            "the delivery cannot be simulated",
            [Problem("site.gap", NO_GAP)],
        )
    room = placement.capacity(anatomy, plan.reach, p.accessible)
    voxel = anatomy.grid.voxel_volume
    made = delivered(product, plan, float(room.sum()) * voxel, p, held)
    others = product.nucleated - product.progenitors
    tips = _tips(anatomy, plan, p, rng)
    volume = float(made.volume)
    fill = placement.settle_in_turn(anatomy, room, tips, volume)
    per_volume = fill / (fill.sum() * voxel)
    solid = fill * (made.pieces / made.mixed)
    nowhere = np.zeros(anatomy.grid.shape)
    graft_progenitors = float(made.progenitors) * per_volume
    graft_others = float(made.others) * per_volume
    return Graft(
        day=day,
        fill=fill,
        progenitors=graft_progenitors,
        nucleated=graft_others,
        clot=fill if plan.carrier == "clot" else nowhere,
        demineralised_bone=solid if plan.carrier == "demineralised_bone" else nowhere,
        allograft=solid if plan.carrier == "allograft" else nowhere,
        ceramic=solid if plan.carrier == "ceramic" else nowhere,
        cultured=concentrate.cultured,
        funnel=_funnel(product, made),
        budgets=(
            _cells("progenitors", product.progenitors, made.shares, graft_progenitors, voxel),
            _cells("other nucleated cells", others, made.of_others, graft_others, voxel),
            _volume(product, plan, made, float(fill.sum()) * voxel),
        ),
        tips=tips,
        passage=Passage(float(made.stress), float(made.pressure), float(p.resting_pressure)),
        notices=_notices(plan, p, held),
    )


def _tips(
    anatomy: Anatomy, plan: Delivery, p: InjectionParameters, rng: np.random.Generator
) -> tuple[tuple[float, float, float], ...]:
    """Return where the needle tip is for each portion [m]; the first one draws first."""
    aims = placement.aims(anatomy, plan.portions, plan.apart)
    error = p.placement_error[plan.guidance] * rng.standard_normal((plan.portions, 3))
    return tuple(
        (float(x + dx), float(y + dy), float(z + dz))
        for (x, y, z), (dx, dy, dz) in zip(aims, error, strict=True)
    )


def _funnel(product: Suspension, made: Delivered) -> tuple[Loss, ...]:
    """Return both kinds of cells after each step."""
    progenitors, others = product.progenitors, product.nucleated - product.progenitors
    funnel = [Loss("in the product", progenitors, product.nucleated)]
    for step, other in zip(made.shares, made.of_others, strict=True):
        progenitors, others = float(progenitors * step.share), float(others * other.share)
        funnel.append(Loss(step.left, progenitors, progenitors + others))
    return tuple(funnel)


def _notices(plan: Delivery, p: InjectionParameters, held: float) -> tuple[str, ...]:
    """Return what a reader must be told of the numbers behind a delivery."""
    said = []
    if plan.loading == "filtered":
        carrier = plan.carrier.replace("_", " ")
        said.append(
            "How much more readily a carrier catches progenitors than other cells was measured "
            "in dogs, on demineralised bone."
        )
        ratio, measured = plan.volume / plan.carrier_volume, p.filtration.measured_ratio
        if ratio > measured * (1.0 + 1e-9):
            said.append(
                f"The product was passed through {carrier} at {ratio:.3g}:1; what a carrier "
                f"catches was measured at {measured:.3g}:1 and may be less here."
            )
    waited = (p.handling_time if plan.wait is None else plan.wait) + held
    if waited > p.longest_hold * (1.0 + 1e-9):
        said.append(
            f"The product waited {waited / 86400:.3g} days; marrow was never held longer than "
            f"{p.longest_hold / 86400:.3g} days where its loss was counted."
        )
    return tuple(said)


def _refuse(plan: Delivery, available: float, anatomy: Anatomy, p: InjectionParameters) -> None:
    wrong = problems(plan, p) + misses(plan, anatomy)
    if plan.volume > available * (1.0 + 1e-9):
        text = f"{plan.volume * 1e6:.3g} mL is more than the product of {available * 1e6:.3g} mL"
        wrong.append(Problem("deliver.volume", text))
    if wrong:
        raise InputError("the delivery cannot be simulated", wrong)


def _cells(
    quantity: str, count: float, steps: tuple[Step, ...], density: Voxels, voxel: float
) -> Budget:
    """Return the budget of a class of cells, loss by loss, closed on the sum over the voxels."""
    outgoing: dict[str, float] = {}
    left = count
    for step in steps:
        outgoing[step.loss] = float(left * (1.0 - step.share))
        left = float(left * step.share)
    outgoing["at the lesion"] = float(density.sum()) * voxel
    return Budget(quantity, "1", {"in the product": count}, outgoing)


def _volume(product: Suspension, plan: Delivery, made: Delivered, filled: float) -> Budget:
    """Return the budget of the volume, closed on the sum over the voxels."""
    share = {step.loss: float(step.share) for step in made.shares}
    brought = float(made.mixed)
    placed = brought * share["misplaced"]
    arriving = placed * share["leaked"]
    outgoing = {
        "left over": product.volume - plan.volume,
        "flowed through the carrier": float(made.passed),
        "misplaced": brought * (1.0 - share["misplaced"]),
        "leaked": placed * (1.0 - share["leaked"]),
        "found no room": arriving * (1.0 - share["found no room"]),
        "at the lesion": filled,
    }
    if plan.loading == "mixed":
        del outgoing["flowed through the carrier"]
    incoming = {"product": product.volume, "carrier": float(made.pieces)}
    return Budget("volume", "m^3", incoming, outgoing)
