"""The stage harvest: patient and needle give the pooled aspirate."""

from __future__ import annotations

from dataclasses import fields
from typing import Literal

import numpy as np

from trephine.case.aspirate import Aspirate, Draw
from trephine.case.harvesting import FatHarvest, Harvest
from trephine.case.patient import Patient
from trephine.case.suspension import Suspension
from trephine.core.errors import InputError, Problem, did_you_mean
from trephine.core.types import Budget
from trephine.models.aspiration import AspirationParameters, Donor, Drawn, drawn
from trephine.models.harvest_risk import risks
from trephine.models.lipoaspiration import lipoaspirated
from trephine.models.positions import depth, punctures_needed

VERSION = 2
"""Goes up when the same inputs give another product."""


def problems(
    plan: Harvest | FatHarvest,
    p: AspirationParameters,
    place: str = "harvest",
    sex: Literal["female", "male"] | None = None,
) -> list[Problem]:
    """Return what in a plan of harvest the catalogue has no numbers for, or no bone.

    Parameters
    ----------
    plan
        The harvest.
    p
        Known bones and needles.
    place
        Where the harvest stands in its document.
    sex
        Of the patient, whose bone is less deep or deeper than the mean; None for the mean.
    """
    if isinstance(plan, FatHarvest):
        return []
    found: list[Problem] = []
    if plan.bone not in p.sites:
        hint = did_you_mean(plan.bone, p.sites)
        found.append(Problem(f"{place}.bone", f"'{plan.bone}' is unknown; {hint}"))
    else:
        found.extend(_too_long(plan, float(depth(plan.bone, sex, p)), place))
    found.extend(_too_few(plan, p, place))
    if not p.needle_wide <= plan.needle.gauge <= p.needle_narrow:
        found.append(
            Problem(
                f"{place}.needle.gauge",
                f"{plan.needle.gauge:g} is outside the aspiration needles that were compared; "
                f"write one from {p.needle_wide:g} to {p.needle_narrow:g}",
            )
        )
    return found


def _too_long(plan: Harvest, bone: float, place: str) -> list[Problem]:
    """Return the problem of a track that passes the bone."""
    way = (plan.track - 1) * plan.step
    if way <= bone * (1 + 1e-9):
        return []
    most = int(bone / plan.step * (1 + 1e-9)) + 1
    return [
        Problem(
            f"{place}.track",
            f"{plan.track} draws {plan.step * 1e3:g} mm apart make a track of {way * 1e3:g} mm, "
            f"longer than the {bone * 1e3:.3g} mm of bone at the {plan.bone.replace('_', ' ')}; "
            f"write a track of at most {most}, or a shorter step",
        )
    ]


def _too_few(plan: Harvest, p: AspirationParameters, place: str) -> list[Problem]:
    """Return the problem of fewer punctures than the tracks need."""
    needed = punctures_needed(plan.tracks, p.fan)
    if plan.punctures is None or plan.punctures >= needed:
        return []
    return [
        Problem(
            f"{place}.punctures",
            f"{plan.punctures} cannot reach {plan.tracks} tracks, {int(p.fan.tracks)} through "
            f"each; write {needed} to {plan.tracks}, or leave it out for {needed}",
        )
    ]


def harvest(
    *,
    patient: Patient,
    plan: Harvest | FatHarvest,
    p: AspirationParameters,
    donor: Donor,
    rng: np.random.Generator,
    clot: float | None = None,
) -> Aspirate:
    """Return the pooled marrow of all draws, or the fat drawn.

    Marrow is drawn at positions along tracks of the tip, each with depots of its own (H1 to H6).
    Cells are expected numbers, not whole ones.

    Parameters
    ----------
    patient
        Facts that move the yield.
    plan
        Bone, draws, needle and anticoagulant; or the volume of fat.
    p
        The numbers of harvest.
    donor
        The luck of the donor, drawn once for all harvests of a patient; of no use for fat.
    rng
        Luck of the positions; one deviate a draw, and one for fat.
    clot
        Standard normal deviate that tells whether marrow clots in a needle that was not rinsed;
        None for no clot.

    Returns
    -------
    Aspirate
        Nucleated cells include the progenitors. Budgets tell marrow from blood and close.

    Raises
    ------
    InputError
        If the bone is unknown, the needle was never compared, a track is longer than the bone,
        or the punctures do not reach all tracks.
    """
    wrong = problems(plan, p, sex=patient.sex)
    if wrong:
        raise InputError("the harvest cannot be simulated", wrong)
    if isinstance(plan, FatHarvest):
        return _fat(patient, plan, lipoaspirated(plan, p.fat, float(rng.standard_normal())))
    depots = rng.standard_normal(len(plan.draws))[:, np.newaxis]
    found = drawn(patient, plan, p, donor, depots, clot)
    pool = _single(found.pool)
    return Aspirate(
        pool=pool,
        draws=tuple(
            Draw(*(float(value) for value in row))
            for row in zip(
                found.volumes[:, 0],
                found.share_progenitors[:, 0],
                found.nucleated[:, 0],
                found.progenitors[:, 0],
                strict=True,
            )
        ),
        budgets=_budgets(found, pool, plan),
        donor_age=patient.age,
        risk=risks(patient, pool.red_cell_volume, float(found.haematocrit), p.risk),
    )


def _single(held: Suspension) -> Suspension:
    """Return a suspension of one sample with plain numbers."""
    return Suspension(**{f.name: float(np.squeeze(getattr(held, f.name))) for f in fields(held)})


def _budgets(found: Drawn, pool: Suspension, plan: Harvest) -> tuple[Budget, ...]:
    """Return what came from marrow and from blood, and where it is."""
    volumes = found.volumes[:, 0]
    marrow_n = volumes * found.share_nucleated[:, 0]
    marrow_p = volumes * found.share_progenitors[:, 0]
    clotted_n, clotted_p = (
        float(np.squeeze(c)) for c in (found.clotted_nucleated, found.clotted_progenitors)
    )
    clots_n = {"in clots": clotted_n} if clotted_n else {}
    clots_p = {"in clots": clotted_p} if clotted_p else {}
    return (
        Budget(
            "nucleated cells",
            "1",
            {
                "from marrow": float(found.marrow_nucleated * marrow_n.sum()),
                "from blood": float(found.blood_nucleated * (volumes - marrow_n).sum()),
            },
            {"in the pool": pool.nucleated, **clots_n},
        ),
        Budget(
            "progenitors",
            "1",
            {"from marrow": float(found.marrow_progenitors * marrow_p.sum())},
            {"in the pool": pool.progenitors, **clots_p},
        ),
        Budget(
            "volume",
            "m^3",
            {"drawn": float(volumes.sum()), "anticoagulant": plan.anticoagulant},
            {"in the pool": pool.volume},
        ),
    )


def _fat(patient: Patient, plan: FatHarvest, held: Suspension) -> Aspirate:
    """Return drawn fat: no draws of marrow, and budgets of what it holds."""
    pool = _single(held)
    return Aspirate(
        pool=pool,
        draws=(),
        budgets=(
            Budget(
                "nucleated cells",
                "1",
                {"from fat": pool.nucleated},
                {"in the pool": pool.nucleated},
            ),
            Budget(
                "progenitors",
                "1",
                {"from fat": pool.progenitors},
                {"in the pool": pool.progenitors},
            ),
            Budget("volume", "m^3", {"drawn": plan.volume}, {"in the pool": pool.volume}),
        ),
        donor_age=patient.age,
    )
