"""Laws of the draw, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.patient import Patient
from trephine.catalogue.load import catalogue
from trephine.models import aspiration
from trephine.models.aspiration import AspirationParameters, Donor
from trephine.models.assay import count_colonies, draw_laboratory
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(AspirationParameters)
ML = 1e-6


def patient(**facts: object) -> Patient:
    plain = {"age": "50 year", "sex": "male", "mass": "75 kg"}
    return validate(Patient, {**plain, **facts}, "patient")


def test_marrow_share_by_hand() -> None:
    # (0.5/4) ln 9 = 0.27465; (0.5/1) ln 3 = 0.54931; their ratio is a half, as Muschler found.
    four = aspiration.marrow_share(4 * ML, 0.5 * ML)
    one = aspiration.marrow_share(1 * ML, 0.5 * ML)
    assert four == pytest.approx(0.2746531, abs=1e-7)
    assert one == pytest.approx(0.5493061, abs=1e-7)
    assert four / one == pytest.approx(0.5, abs=1e-12)


def test_vanishing_draw_is_pure_marrow() -> None:
    assert aspiration.marrow_share(1e-9 * ML, 0.5 * ML) == pytest.approx(1.0, abs=1e-8)


def test_a_draw_continued_is_one_long_draw() -> None:
    first = aspiration.marrow_share(4 * ML, 0.5 * ML)
    second = aspiration.marrow_share(6 * ML, 0.5 * ML, 4 * ML)
    whole = aspiration.marrow_share(10 * ML, 0.5 * ML)
    assert 4 * first + 6 * second == pytest.approx(10 * whole, rel=1e-12)
    assert second == pytest.approx(0.5 / 6 * math.log(10.5 / 4.5), rel=1e-12)


def test_share_broadcasts_over_donors_and_draws() -> None:
    share = aspiration.marrow_share(np.full((3, 4), 2 * ML), np.array([[0.5], [1.0], [1.5]]) * ML)
    assert np.shape(share) == (3, 4)
    assert np.asarray(share)[0, 0] == pytest.approx(0.25 * math.log(5))


def test_overlap_by_hand() -> None:
    # 5 mm apart at 5 mm: each earlier draw counts e^-1, e^-2 ... of its volume.
    before = aspiration.drained_before(np.array([5.0, 5.0, 5.0]) * ML, 0.005, 0.005)
    e = math.exp(-1)
    assert before / ML == pytest.approx([0.0, 5 * e, 5 * e + 5 * e * e])


def test_overlap_at_no_distance_is_the_same_place() -> None:
    before = aspiration.drained_before(np.array([1.0, 2.0, 3.0]), 0.0, 0.005)
    assert before == pytest.approx([0.0, 1.0, 3.0])


def test_concentrations_by_hand() -> None:
    # At 2 mL: D_N = 0.75 ln(1 + 2/1.5) = 0.63547; 6 + 59 D = 43.49e6; D_P = 0.25 ln 5 = 0.40236.
    share_n = aspiration.marrow_share(2 * ML, P.theta_nucleated)
    share_p = aspiration.marrow_share(2 * ML, P.theta_progenitors)
    nucleated = aspiration.nucleated_concentration(share_n, 65e12, 6e12)
    progenitors = aspiration.progenitor_concentration(share_p, 3e9)
    assert nucleated == pytest.approx(43.493e12, rel=1e-4)
    assert progenitors == pytest.approx(1207.1e6, rel=1e-4)
    assert progenitors / nucleated == pytest.approx(27.75e-6, rel=1e-3)


def test_red_cells_give_way_to_marrow() -> None:
    assert aspiration.blood_component(0.5, 0.45, 0.2) == pytest.approx(0.405)
    assert aspiration.blood_component(0.0, 0.45, 0.2) == 0.45


def test_needle_by_hand() -> None:
    wide = aspiration.needle_factor(8, P, side_holes=False)
    narrow = aspiration.needle_factor(15, P, side_holes=False)
    assert wide / narrow == pytest.approx(1.38)
    assert aspiration.needle_factor(11, P, side_holes=False) == 1.0
    assert aspiration.needle_factor(11, P, side_holes=True) == pytest.approx(1.08)


def test_reference_patient_has_no_factor() -> None:
    assert aspiration.patient_factors(patient(), P) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize(
    ("facts", "nucleated", "progenitors"),
    [
        ({"smoker": True}, 1.11, math.exp(-0.4)),
        ({"osteonecrosis_risk": True}, 1.0, 0.5),
        ({"earlier_harvest": True}, 0.8, 0.8),
        ({"height": "150 cm", "mass": "78.75 kg"}, math.exp(-0.1), 1.0),  # 35 kg/m^2
        ({"age": "70 year"}, math.exp(-0.148), math.exp(-0.06)),
        ({"age": "70 year", "sex": "female"}, math.exp(-0.148), math.exp(-0.30)),
        ({"age": "8 year"}, math.exp(0.3108), 4 * math.exp(0.09)),
        ({"age": "15 year"}, math.exp(0.259), 2 * math.exp(0.09)),
    ],
)
def test_facts_of_the_patient_by_hand(
    facts: dict[str, object], nucleated: float, progenitors: float
) -> None:
    assert aspiration.patient_factors(patient(**facts), P) == pytest.approx(
        (nucleated, progenitors), rel=1e-9
    )


def test_sex_has_no_effect_at_the_reference_age() -> None:
    assert aspiration.patient_factors(patient(sex="female"), P) == pytest.approx((1.0, 1.0))


def test_donor_luck_preserves_the_mean() -> None:
    rng = np.random.default_rng(3)
    donors = [aspiration.draw_donor(P, rng) for _ in range(40_000)]
    nucleated = np.exp([d.ln_nucleated for d in donors])
    progenitors = np.exp([d.ln_nucleated + d.ln_progenitors for d in donors])
    assert nucleated.mean() == pytest.approx(1.0, abs=0.012)  # four standard errors
    assert progenitors.mean() == pytest.approx(1.0, abs=0.022)
    assert np.log(progenitors).std() == pytest.approx(0.86, abs=0.012)


def test_mean_and_median_donor() -> None:
    assert Donor.mean() == Donor(0.0, 0.0)
    middle = Donor.median(P)
    assert math.exp(middle.ln_nucleated + middle.ln_progenitors) == pytest.approx(0.691, abs=5e-4)


def test_colonies_are_poisson_about_the_product() -> None:
    counts = count_colonies(28e-6, np.full(20_000, 1e6), 0.5, np.random.default_rng(5))
    assert counts.mean() == pytest.approx(14.0, abs=0.11)
    assert counts.var() == pytest.approx(14.0, abs=0.6)
    assert counts.dtype == np.int64


def test_laboratories_differ_by_the_stated_spread() -> None:
    rng = np.random.default_rng(7)
    factors = np.log([draw_laboratory(P, rng) for _ in range(10_000)])
    assert factors.mean() == pytest.approx(0.0, abs=0.04)
    assert factors.std() == pytest.approx(1.0, abs=0.03)


def test_a_depot_that_nobody_measured_is_as_likely_smaller_as_larger() -> None:
    """The middle of the samples is the printed number, so that no bone wins by its ignorance."""
    reading = Reading(catalogue(), lambda name: np.random.default_rng([7, *name.encode()]), 4000)
    for name, site in reading.fill(AspirationParameters).sites.items():
        assert np.median(site.depot) == pytest.approx(P.sites[name].depot, rel=0.05), name
