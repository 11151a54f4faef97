"""The stage deliver: product and needle give what stays at the lesion, voxel by voxel."""

from __future__ import annotations

import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.concentrate import Concentrate
from trephine.case.delivery import Delivery
from trephine.case.graft import Graft, Loss
from trephine.case.settings import Settings
from trephine.core.errors import InputError, Problem
from trephine.core.types import Budget, Voxels
from trephine.models import injection, placement
from trephine.models.injection import InjectionParameters

VERSION = 2
"""Goes up when the same inputs give another product."""


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
        injection.bore(plan.needle.gauge, p)
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
    r"""Return what of the product stays at the lesion, on the grid.

    .. math:: N = N_\mathrm{product}\, \frac{V_\mathrm{inj}}{V_\mathrm{product}}\,
              v_\mathrm{hold}\, S_\mathrm{needle}\, A_\mathrm{guid}\, (1 - L_\mathrm{track})\,
              \min\!\left(1, \frac{V_\mathrm{acc}}{V}\right) (1 - f)

    the order of the funnel (D1, D2), where :math:`V` is the volume that arrives with its
    carrier. Of the retention law D3 only the share :math:`f` that is gone after the first days
    is taken off; the slow loss belongs to the healing model, whose own death rates act on what
    stays. Escape by veins is part of :math:`f`. The pieces of a solid carrier take up a share of
    its bulk volume, and the product fills the pores between them. Filtration of progenitors onto
    a carrier is not modelled: carrier and cells are mixed.

    Parameters
    ----------
    concentrate
        The product. Its nucleated cells include the progenitors; those of the graft's voxels
        do not.
    anatomy
        The site.
    plan
        Volume, needle, guidance, carrier and reach.
    day
        Day of the injection [s].
    p
        The numbers of delivery.
    s
        Settings; the anatomy already lies on their grid.
    rng
        Luck of the needle tip, three deviates.
    held
        Time the product waited before this session, beyond the handling time [s].

    Returns
    -------
    Graft
        The cells lie in proportion to the fill. Budgets close on the sums over the voxels.

    Raises
    ------
    InputError
        If the needle is unknown, more is injected than there is, or the grid holds no gap.
    """
    del s
    product = concentrate.product
    _refuse(plan, product.volume, p)
    if not anatomy.gap.any():
        raise InputError(
            "the delivery cannot be simulated",
            [Problem("site.gap", "no voxel holds any of the gap; widen it or use finer voxels")],
        )
    room = placement.capacity(anatomy, plan.reach, p.accessible)
    voxel = anatomy.grid.voxel_volume
    accessible = float(room.sum()) * voxel
    radius = injection.bore(plan.needle.gauge, p) / 2.0
    stress = injection.wall_stress(plan.flow, radius, injection.viscosity(product.haematocrit, p))
    accuracy, kept = p.accuracy[plan.guidance], 1.0 - p.leak
    pieces = plan.carrier_volume * p.solid.get(plan.carrier, 0.0)
    mixed = plan.volume + pieces
    arriving = mixed * accuracy * kept
    settled = injection.fits(arriving, accessible)
    shares = (
        ("left over", "taken up for injection", plan.volume / product.volume),
        (
            "died waiting",
            "alive after waiting",
            float(injection.hold_survival(p.handling_time + held, p.hold_loss)),
        ),
        ("sheared", "through the needle", float(injection.needle_survival(stress, p))),
        ("misplaced", "placed at the lesion", accuracy),
        ("leaked", "kept from running back along the track", kept),
        ("found no room", "fits the room at the lesion", settled),
        ("washed out", "stays after the first days", 1.0 - p.washed_out[plan.carrier]),
    )
    others = product.nucleated - product.progenitors
    funnel = [Loss("in the product", product.progenitors, product.nucleated)]
    left = 1.0
    for _, name, share in shares:
        left *= share
        funnel.append(Loss(name, product.progenitors * left, (product.progenitors + others) * left))

    centre = placement.gap_centre(anatomy)
    offset = p.placement_error[plan.guidance] * rng.standard_normal(3)
    tip = (centre[0] + offset[0], centre[1] + offset[1], centre[2] + offset[2])
    volume = arriving * settled
    fill = placement.settle(room, placement.ease(anatomy, tip, volume), volume, voxel)
    per_volume = fill / (fill.sum() * voxel)
    solid = fill * pieces / mixed
    nowhere = np.zeros(anatomy.grid.shape)
    graft_progenitors = product.progenitors * left * per_volume
    graft_others = others * left * per_volume
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
        funnel=tuple(funnel),
        budgets=(
            _cells("progenitors", product.progenitors, shares, graft_progenitors, voxel),
            _cells("other nucleated cells", others, shares, graft_others, voxel),
            Budget(
                "volume",
                "m^3",
                {"product": product.volume, "carrier": pieces},
                {
                    "left over": product.volume - plan.volume,
                    "misplaced": mixed * (1.0 - accuracy),
                    "leaked": mixed * accuracy * p.leak,
                    "found no room": arriving * (1.0 - settled),
                    "at the lesion": float(fill.sum()) * voxel,
                },
            ),
        ),
    )


def _refuse(plan: Delivery, available: float, p: InjectionParameters) -> None:
    wrong = problems(plan, p)
    if plan.volume > available * (1.0 + 1e-9):
        text = f"{plan.volume * 1e6:.3g} mL is more than the product of {available * 1e6:.3g} mL"
        wrong.append(Problem("deliver.volume", text))
    if wrong:
        raise InputError("the delivery cannot be simulated", wrong)


def _cells(
    quantity: str,
    count: float,
    shares: tuple[tuple[str, str, float], ...],
    density: Voxels,
    voxel: float,
) -> Budget:
    """Return the budget of a class of cells, loss by loss, closed on the sum over the voxels."""
    outgoing: dict[str, float] = {}
    left = count
    for loss, _, share in shares:
        outgoing[loss] = left * (1.0 - share)
        left *= share
    outgoing["at the lesion"] = float(density.sum()) * voxel
    return Budget(quantity, "1", {"in the product": count}, outgoing)
