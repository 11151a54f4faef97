"""Operate: from operations to the bone that they pack around the gap; deterministic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trephine.case.anatomy import Anatomy
from trephine.case.graft import Graft, Loss
from trephine.case.patient import Patient
from trephine.case.surgery import Autograft, ExchangeNail, Surgery
from trephine.core.types import Budget
from trephine.models import placement
from trephine.models.aspiration_parameters import AspirationParameters
from trephine.models.donor import Donor, patient_factors
from trephine.models.injection import InjectionParameters
from trephine.models.injury import InjuryParameters
from trephine.models.surgery import Operated, SurgeryParameters

VERSION = 1
DAY = 86400.0
BONE = "allograft"
"""Kind of carrier whose packing and replacement chips of a patient's own bone share."""


@dataclass(frozen=True)
class Chips:
    """Bone that an operation takes or grinds, before it is packed.

    Parameters
    ----------
    made
        Volume of it [m^3].
    here
        Volume of it that comes to the gap [m^3].
    reach
        How far around the gap it is packed [m].
    progenitors, others
        Progenitors, and other nucleated cells, per volume of the marrow in it [1/m^3].
    """

    made: float
    here: float
    reach: float
    progenitors: float
    others: float


def operate(
    *,
    patient: Patient,
    steps: Sequence[Surgery],
    operated: Sequence[Operated],
    donor: Donor,
    p: SurgeryParameters,
    injury: InjuryParameters,
    harvest: AspirationParameters,
    deliver: InjectionParameters,
) -> tuple[Graft, ...]:
    r"""Return what the operations pack around the gap, each in the order of its day.

    Chips of solid share :math:`\sigma` hold living marrow between them:

    .. math:: m = (1-\sigma)\,\alpha\,f_{patient}\,f_{donor}\,r_{bone}\,m_{marrow}

    of which the share :math:`\alpha` survives. Iliac bone fills the room in reach from the middle
    of the gap outwards, as far as it goes; what reaming ground does so in the share that lodges.
    Budgets of volume, progenitors and other nucleated cells follow the chips from where they were
    taken; what is packed is summed over the voxels, so that a budget sees what goes astray. The
    model follows no other nucleated cells of chips, and the budget says how many that leaves out.

    Parameters
    ----------
    patient, donor
        Facts and luck that move the progenitors of marrow, as for a harvest.
    steps, operated
        The operations, and the site after each.
    p, injury, harvest, deliver
        Sizes; progenitors of the marrow of a shaft; those of the crest; packing and room.
    """
    found = []
    of_nucleated, of_patient = patient_factors(patient, harvest)
    own = float(of_patient) * math.exp(float(donor.ln_nucleated + donor.ln_progenitors))
    all_own = float(of_nucleated) * math.exp(float(donor.ln_nucleated))
    for step, (_, anatomy) in zip(steps, operated, strict=True):
        match step:
            case Autograft():
                rich = dense = harvest.sites[step.bone].density
                made = here = step.volume
                reach = step.reach
            case ExchangeNail():
                rich, dense = injury.shaft_marrow, 1.0
                made, here, reach = p.reamings, p.reamings * p.lodged, p.settling
            case _:
                continue
        progenitors = float(own * rich * harvest.marrow_progenitors)
        others = float(all_own * dense * harvest.marrow_nucleated) - progenitors
        chips = Chips(made, here, reach, progenitors, others)
        found.append(_packed(step.day, anatomy, chips, p.graft_alive, deliver))
    return tuple(found)


def _packed(
    day: float, anatomy: Anatomy, chips: Chips, alive: float, p: InjectionParameters
) -> Graft:
    """Return chips packed around the gap, of whose cells a share is alive."""
    room = placement.capacity(anatomy, chips.reach, p.accessible)
    voxel = anatomy.grid.voxel_volume
    used = min(chips.here, float(room.sum()) * voxel)
    fill = placement.settle_in_turn(anatomy, room, [placement.gap_centre(anatomy)], used)
    solid = p.solid[BONE]
    cells = (1.0 - solid) * (chips.progenitors * alive)
    progenitors, nucleated = fill * cells, fill * 0.0
    steps = (chips.made, chips.here, used)
    marrow = 1.0 - solid
    return Graft(
        day=day,
        fill=fill,
        progenitors=progenitors,
        nucleated=nucleated,
        clot=fill * (1.0 - solid),
        demineralised_bone=fill * 0.0,
        allograft=fill * solid,
        cultured=False,
        funnel=_funnel(chips, steps, marrow, alive, voxel * float(progenitors.sum())),
        budgets=(
            _volume(day, steps, voxel * float(fill.sum())),
            _cells("progenitors", day, chips.progenitors * marrow, steps, alive,
                   {"packed": voxel * float(progenitors.sum())}),
            _cells("other nucleated cells", day, chips.others * marrow, steps, alive,
                   {"packed": voxel * float(nucleated.sum()),
                    "packed, not followed by the model": used * marrow * chips.others * alive}),
        ),
    )  # fmt: skip


def _funnel(
    chips: Chips, steps: tuple[float, float, float], marrow: float, alive: float, packed: float
) -> tuple[Loss, ...]:
    """Return both kinds of cells after each step; nucleated cells include the progenitors."""
    made, here, used = (volume * marrow for volume in steps)
    every = chips.progenitors + chips.others
    return (
        Loss("in the chips", made * chips.progenitors, made * every),
        Loss("came to the gap", here * chips.progenitors, here * every),
        Loss("survived the transfer", here * chips.progenitors * alive, here * every * alive),
        Loss("found room", used * chips.progenitors * alive, used * every * alive),
        Loss("followed by the model", packed, packed),
    )


def _volume(day: float, steps: tuple[float, float, float], packed: float) -> Budget:
    """Return the budget of the volume, closed on the sum over the voxels."""
    made, here, used = steps
    outgoing = {"came elsewhere": made - here, "left over": here - used, "packed": packed}
    return Budget(f"chips of day {day / DAY:g}: volume", "m^3", {"chips": made}, outgoing)


def _cells(
    kind: str,
    day: float,
    density: float,
    steps: tuple[float, float, float],
    alive: float,
    packed: dict[str, float],
) -> Budget:
    """Return the budget of a class of cells per volume of chips, closed on the voxels."""
    made, here, used = (density * volume for volume in steps)
    outgoing = {
        "came elsewhere": made - here,
        "died in the transfer": here * (1.0 - alive),
        "left over": (here - used) * alive,
        **packed,
    }
    return Budget(f"chips of day {day / DAY:g}: {kind}", "1", {"chips": made}, outgoing)
