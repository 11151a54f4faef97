"""Laws of the draw: depots diluted by blood, needle, and all draws of a plan together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.harvesting import Harvest
from trephine.case.patient import Patient
from trephine.case.suspension import Suspension
from trephine.models.aspiration_parameters import AspirationParameters, HarvestSite, Values
from trephine.models.donor import Donor, Facts, draw_donor, patient_factors
from trephine.models.positions import drained_before, punctures, spacing_in_fan

__all__ = [
    "AspirationParameters",
    "Donor",
    "Drawn",
    "Facts",
    "HarvestSite",
    "Values",
    "blood_component",
    "clots",
    "drained_before",
    "draw_donor",
    "drawn",
    "marrow_share",
    "needle_factor",
    "nucleated_concentration",
    "patient_factors",
    "progenitor_concentration",
    "undiluted",
]


@dataclass(frozen=True)
class Drawn:
    """What the needle brought, draw by draw and pooled, over samples.

    Parameters
    ----------
    volumes
        Volume of each draw, (draw, 1) [m^3].
    share_nucleated, share_progenitors
        Share of marrow in the stream, (draw, sample) [-].
    marrow_nucleated, marrow_progenitors
        Cells per volume of undiluted marrow, (sample,) or one value [1/m^3].
    blood_nucleated
        White cells in blood, (sample,) or one value [1/m^3].
    haematocrit
        Of the blood, (sample,) or one value [-].
    clotted_nucleated, clotted_progenitors
        Cells that a clot took, (sample,) or one value [-].
    pool
        All draws and the anticoagulant, without what clotted; cells are (sample,).
    """

    volumes: NDArray[np.float64]
    share_nucleated: NDArray[np.float64]
    share_progenitors: NDArray[np.float64]
    marrow_nucleated: Values
    marrow_progenitors: Values
    blood_nucleated: Values
    haematocrit: Values
    clotted_nucleated: Values
    clotted_progenitors: Values
    pool: Suspension

    @property
    def nucleated(self) -> NDArray[np.float64]:
        """Nucleated cells in each draw, (draw, sample) [-]."""
        density = nucleated_concentration(
            self.share_nucleated, self.marrow_nucleated, self.blood_nucleated
        )
        return np.asarray(self.volumes * density)

    @property
    def progenitors(self) -> NDArray[np.float64]:
        """Progenitors in each draw, (draw, sample) [-]."""
        density = progenitor_concentration(self.share_progenitors, self.marrow_progenitors)
        return np.asarray(self.volumes * density)


def marrow_share(volume: Values, theta: Values, before: Values = 0.0) -> Values:
    r"""Return the mean share of marrow in a draw that starts where earlier ones ended (H1, H5).

    .. math:: D = \frac{\theta}{V} \ln\frac{\theta + v_0 + V}{\theta + v_0}

    A position drains depots of many sizes mixed with the blood of the sinusoids; after a volume
    :math:`v` the stream is marrow to the share :math:`1/(1 + v/\theta)`.

    Parameters
    ----------
    volume
        Volume drawn :math:`V`, more than zero [m^3].
    theta
        Depot volume :math:`\theta`, more than zero [m^3].
    before
        Volume :math:`v_0` the position has already given [m^3].

    Returns
    -------
    Values
        Share, between 0 and 1 [-].
    """
    share: Values = theta / volume * np.log1p(volume / (theta + before))
    return share


def nucleated_concentration(share: Values, marrow: Values, blood: Values) -> Values:
    r"""Return nucleated cells per volume of a draw (H2).

    .. math:: C_N = C_b + (C_{mN} - C_b)\, D

    Parameters
    ----------
    share
        Share of marrow :math:`D` [-].
    marrow, blood
        Nucleated cells per volume of undiluted marrow and of blood [1/m^3].
    """
    return blood + (marrow - blood) * share


def progenitor_concentration(share: Values, marrow: Values) -> Values:
    r"""Return progenitors per volume of a draw; blood holds none (H3).

    .. math:: C_P = C_{mP}\, D
    """
    return marrow * share


def blood_component(share: Values, blood: Values, displacement: Values) -> Values:
    r"""Return red cells or platelets per volume of a draw (H4).

    .. math:: C = C_b\, (1 - \varepsilon_m D)
    """
    return blood * (1.0 - displacement * share)


def needle_factor(gauge: float, p: AspirationParameters, *, side_holes: bool) -> Values:
    r"""Return the factor of the needle on the cells of undiluted marrow.

    .. math:: m = g^{(G_\mathrm{ref} - G)/(G_\mathrm{narrow} - G_\mathrm{wide})}

    The logarithm is linear in the gauge between the two needles compared.
    """
    span = p.needle_narrow - p.needle_wide
    factor: Values = p.needle_gain ** ((p.needle_reference - gauge) / span)
    return factor * (p.side_hole_gain if side_holes else 1.0)


def undiluted(
    facts: Facts, plan: Harvest, p: AspirationParameters, donor: Donor
) -> tuple[Values, Values]:
    """Return nucleated cells and progenitors per volume of undiluted marrow [1/m^3] (H6).

    Marrow is counted as citrate keeps it; more colonies grow from marrow drawn into heparin.
    """
    facts_n, facts_p = patient_factors(facts, p)
    shared: Any = (
        p.sites[plan.bone].density
        * needle_factor(plan.needle.gauge, p, side_holes=plan.side_holes)
        * np.exp(donor.ln_nucleated)
    )
    nucleated = p.marrow_nucleated * shared * facts_n
    progenitors = p.marrow_progenitors * shared * facts_p * np.exp(donor.ln_progenitors)
    return nucleated, progenitors * (p.heparin_gain if plan.agent == "heparin" else 1.0)


def clots(plan: Harvest, p: AspirationParameters, luck: Values | None) -> Values:
    r"""Return 1 where the pool clots and 0 where not.

    It clots where :math:`z < \Phi^{-1}(P)`. Marrow of a rinsed needle does not clot.

    Parameters
    ----------
    plan
        Whether needle and syringes were rinsed.
    p
        Chance :math:`P` of a clot, one value or (sample,) [-].
    luck
        Standard normal deviate :math:`z`, one value or (sample,) [-]; None for no clot.
    """
    if plan.primed or luck is None:
        return 0.0
    from scipy.special import ndtri  # noqa: PLC0415  (slow to import, seldom wanted)

    return np.where(luck < ndtri(p.clot_chance), 1.0, 0.0)


def drawn(
    patient: Patient | Facts,
    plan: Harvest,
    p: AspirationParameters,
    donor: Donor,
    depots: NDArray[np.floating[Any]],
    clot: Values | None = None,
) -> Drawn:
    r"""Return all draws of a plan and their pool, over samples (H1 to H6).

    .. math:: \ln\theta_j = \ln(m_\theta \theta) + \sigma_\theta z_j

    The depots of a position vary by luck, together for nucleated cells and progenitors. Cells are
    expected numbers, not whole ones.

    Parameters
    ----------
    patient
        Facts that move the yield, of one patient or of many.
    plan
        Bone, draws, needle and anticoagulant; the bone is one the catalogue knows.
    p
        The numbers of harvest, each one value or (sample,).
    donor
        The luck of the donor, one or (sample,).
    depots
        Standard normal deviates :math:`z`, (draw, sample) [-].
    clot
        Standard normal deviate of the clot in marrow that was not kept from clotting, (sample,)
        or one value [-]; None for no clot.

    Returns
    -------
    Drawn
        Nucleated cells include the progenitors.
    """
    facts = Facts.of(patient) if isinstance(patient, Patient) else patient
    site = p.sites[plan.bone]
    volumes = np.array(plan.draws)
    before = drained_before(
        volumes,
        spacing_in_fan(plan, p.position_spacing, p.fan),
        p.overlap_length,
        track=plan.track,
        step=plan.step,
        punctures=punctures(plan, p.fan),
    )
    each, before = volumes[:, np.newaxis], before.reshape(volumes.size, -1)
    luck = site.depot * np.exp(p.depot_spread * depots)
    share_n = np.asarray(marrow_share(each, p.theta_nucleated * luck, before))
    share_p = np.asarray(marrow_share(each, p.theta_progenitors * luck, before))
    marrow_n, marrow_p = undiluted(facts, plan, p, donor)
    blood = p.blood_nucleated if facts.blood_nucleated is None else facts.blood_nucleated
    haematocrit = np.where(facts.female, p.blood_haematocrit_female, p.blood_haematocrit_male)
    # The laws are linear in the share of marrow, so that the pool needs its mean alone.
    mean_n: Any = np.sum(each * share_n, axis=0) / plan.volume
    mean_p: Any = np.sum(each * share_p, axis=0) / plan.volume
    nucleated: Any = plan.volume * nucleated_concentration(mean_n, marrow_n, blood)
    progenitors: Any = plan.volume * progenitor_concentration(mean_p, marrow_p)
    platelets: Any = blood_component(mean_n, p.blood_platelets, p.marrow_displacement)
    red: Any = blood_component(mean_n, haematocrit, p.marrow_displacement)
    clotted = clots(plan, p, clot)
    lost_n, lost_p = (
        nucleated * p.clot_nucleated * clotted,
        progenitors * p.clot_progenitors * clotted,
    )
    return Drawn(
        volumes=each,
        share_nucleated=share_n,
        share_progenitors=share_p,
        marrow_nucleated=marrow_n,
        marrow_progenitors=marrow_p,
        blood_nucleated=blood,
        haematocrit=haematocrit,
        clotted_nucleated=lost_n,
        clotted_progenitors=lost_p,
        pool=Suspension(
            volume=plan.volume + plan.anticoagulant,
            nucleated=nucleated - lost_n,
            progenitors=progenitors - lost_p,
            platelets=plan.volume * platelets,
            red_cell_volume=plan.volume * red,
            anticoagulant=plan.anticoagulant,
        ),
    )
