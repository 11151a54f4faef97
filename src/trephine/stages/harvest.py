"""The stage harvest: patient and needle give the pooled aspirate."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from trephine.case.aspirate import Aspirate, Draw
from trephine.case.harvesting import Harvest
from trephine.case.patient import Patient
from trephine.case.suspension import Suspension
from trephine.core.errors import InputError, Problem, did_you_mean
from trephine.core.types import Budget
from trephine.models.aspiration import AspirationParameters, Donor, drawn

VERSION = 1
"""Goes up when the same inputs give another product."""


def problems(plan: Harvest, p: AspirationParameters, place: str = "harvest") -> list[Problem]:
    """Return what in a plan of harvest the catalogue has no numbers for.

    Parameters
    ----------
    plan
        The harvest.
    p
        Known bones and needles.
    place
        Where the harvest stands in its document.
    """
    found: list[Problem] = []
    if plan.bone not in p.sites:
        hint = did_you_mean(plan.bone, p.sites)
        found.append(Problem(f"{place}.bone", f"'{plan.bone}' is unknown; {hint}"))
    if not p.needle_wide <= plan.needle.gauge <= p.needle_narrow:
        found.append(
            Problem(
                f"{place}.needle.gauge",
                f"{plan.needle.gauge:g} is outside the aspiration needles that were compared; "
                f"write one from {p.needle_wide:g} to {p.needle_narrow:g}",
            )
        )
    return found


def harvest(
    *,
    patient: Patient,
    plan: Harvest,
    p: AspirationParameters,
    donor: Donor,
    rng: np.random.Generator,
) -> Aspirate:
    """Return the pooled marrow of all draws.

    Each draw is made at its own position of the tip, the positions in a row ``position_spacing``
    apart (H5). The depots of a position vary by luck, together for nucleated cells and
    progenitors. Cells are expected numbers, not whole ones.

    Parameters
    ----------
    patient
        Facts that move the yield.
    plan
        Bone, draws, needle and anticoagulant.
    p
        The numbers of harvest.
    donor
        The luck of the donor, drawn once for all harvests of a patient.
    rng
        Luck of the positions; one deviate a draw.

    Returns
    -------
    Aspirate
        Nucleated cells include the progenitors. Budgets tell marrow from blood and close.

    Raises
    ------
    InputError
        If the bone is unknown or the needle was never compared.
    """
    wrong = problems(plan, p)
    if wrong:
        raise InputError("the harvest cannot be simulated", wrong)
    found = drawn(patient, plan, p, donor, rng.standard_normal(len(plan.draws))[:, np.newaxis])
    pool = Suspension(
        **{f.name: float(np.squeeze(getattr(found.pool, f.name))) for f in fields(Suspension)}
    )
    share_n, share_p = (
        np.asarray(s)[:, 0] for s in (found.share_nucleated, found.share_progenitors)
    )
    volumes = found.volumes[:, 0]
    from_marrow = float(found.marrow_nucleated * (share_n @ volumes))
    from_blood = float(found.blood_nucleated * ((1.0 - share_n) @ volumes))
    return Aspirate(
        pool=pool,
        draws=tuple(
            Draw(*(float(value) for value in row))
            for row in zip(
                volumes, share_p, found.nucleated[:, 0], found.progenitors[:, 0], strict=True
            )
        ),
        budgets=(
            Budget(
                "nucleated cells",
                "1",
                {"from marrow": from_marrow, "from blood": from_blood},
                {"in the pool": pool.nucleated},
            ),
            Budget(
                "progenitors",
                "1",
                {"from marrow": float(found.marrow_progenitors * (share_p @ volumes))},
                {"in the pool": pool.progenitors},
            ),
            Budget(
                "volume",
                "m^3",
                {"drawn": float(volumes.sum()), "anticoagulant": plan.anticoagulant},
                {"in the pool": pool.volume},
            ),
        ),
        donor_age=patient.age,
    )
