"""The stage harvest: patient and needle give the pooled aspirate."""

from __future__ import annotations

import numpy as np

from trephine.case.aspirate import Aspirate, Draw
from trephine.case.harvesting import Harvest
from trephine.case.patient import Patient
from trephine.case.suspension import Suspension
from trephine.core.errors import InputError, Problem, did_you_mean
from trephine.core.types import Budget
from trephine.models import aspiration
from trephine.models.aspiration import AspirationParameters, Donor

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
    site = p.sites[plan.bone]
    volumes = np.array(plan.draws)
    depots = site.depot * np.exp(p.depot_spread * rng.standard_normal(volumes.size))
    before = aspiration.drained_before(volumes, p.position_spacing, p.overlap_length)
    share_n = np.asarray(aspiration.marrow_share(volumes, p.theta_nucleated * depots, before))
    share_p = np.asarray(aspiration.marrow_share(volumes, p.theta_progenitors * depots, before))

    marrow_n, marrow_p = undiluted(patient, plan, p, donor)
    blood = p.blood_nucleated if patient.blood_nucleated is None else patient.blood_nucleated
    nucleated = volumes * aspiration.nucleated_concentration(share_n, marrow_n, blood)
    progenitors = volumes * aspiration.progenitor_concentration(share_p, marrow_p)
    haematocrit = p.blood_haematocrit_male
    if patient.sex == "female":
        haematocrit = p.blood_haematocrit_female
    red = volumes * aspiration.blood_component(share_n, haematocrit, p.marrow_displacement)
    platelets = volumes * aspiration.blood_component(
        share_n, p.blood_platelets, p.marrow_displacement
    )
    pool = Suspension(
        volume=plan.volume + plan.anticoagulant,
        nucleated=float(nucleated.sum()),
        progenitors=float(progenitors.sum()),
        platelets=float(platelets.sum()),
        red_cell_volume=float(red.sum()),
        anticoagulant=plan.anticoagulant,
    )
    from_marrow = float(marrow_n * (share_n @ volumes))
    from_blood = float(blood * ((1.0 - share_n) @ volumes))
    return Aspirate(
        pool=pool,
        draws=tuple(
            Draw(*(float(value) for value in row))
            for row in zip(volumes, share_p, nucleated, progenitors, strict=True)
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
                {"from marrow": float(marrow_p * (share_p @ volumes))},
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


def undiluted(
    patient: Patient, plan: Harvest, p: AspirationParameters, donor: Donor
) -> tuple[float, float]:
    """Return nucleated cells and progenitors per volume of undiluted marrow [1/m^3] (H6)."""
    facts_n, facts_p = aspiration.patient_factors(patient, p)
    shared = (
        p.sites[plan.bone].density
        * aspiration.needle_factor(plan.needle.gauge, p, side_holes=plan.side_holes)
        * float(np.exp(donor.ln_nucleated))
    )
    nucleated = p.marrow_nucleated * shared * facts_n
    progenitors = p.marrow_progenitors * shared * facts_p * float(np.exp(donor.ln_progenitors))
    return nucleated, progenitors
