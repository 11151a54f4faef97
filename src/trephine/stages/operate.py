"""Operate: from operations to the bone that they pack around the gap; deterministic."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
BONE = "allograft"
"""Kind of carrier whose packing and replacement chips of a patient's own bone share."""


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
    _, of_patient = patient_factors(patient, harvest)
    own = float(of_patient) * math.exp(float(donor.ln_nucleated + donor.ln_progenitors))
    for step, (_, anatomy) in zip(steps, operated, strict=True):
        match step:
            case Autograft():
                rich = harvest.sites[step.bone].density
                volume, reach = step.volume, step.reach
            case ExchangeNail():
                rich = injury.shaft_marrow
                volume, reach = p.reamings * p.lodged, p.settling
            case _:
                continue
        density = own * rich * harvest.marrow_progenitors * p.graft_alive
        found.append(_packed(step.day, anatomy, volume, reach, float(density), deliver))
    return tuple(found)


def _packed(
    day: float,
    anatomy: Anatomy,
    volume: float,
    reach: float,
    progenitors: float,
    p: InjectionParameters,
) -> Graft:
    """Return a volume of chips packed around the gap, with progenitors per volume of marrow."""
    room = placement.capacity(anatomy, reach, p.accessible)
    voxel = anatomy.grid.voxel_volume
    used = min(volume, float(room.sum()) * voxel)
    fill = placement.settle_in_turn(anatomy, room, [placement.gap_centre(anatomy)], used)
    solid = p.solid[BONE]
    cells = (1.0 - solid) * progenitors
    return Graft(
        day=day,
        fill=fill,
        progenitors=fill * cells,
        nucleated=fill * 0.0,
        clot=fill * (1.0 - solid),
        demineralised_bone=fill * 0.0,
        allograft=fill * solid,
        cultured=False,
        funnel=(
            Loss("alive in the graft", volume * cells, volume * cells),
            Loss("found room", used * cells, used * cells),
        ),
        budgets=(
            Budget(
                "volume", "m^3", {"graft": volume}, {"left over": volume - used, "packed": used}
            ),
        ),
    )
