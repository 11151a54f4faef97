"""Facts and luck of donors, one or many at once."""

from __future__ import annotations

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.harvesting import Harvest
from trephine.case.patient import Patient
from trephine.catalogue.load import catalogue
from trephine.core.rng import Streams
from trephine.models.aspiration import AspirationParameters, drawn
from trephine.models.donor import Donor, Facts, patient_factors
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(AspirationParameters)
YEAR = 365.25 * 86400
COUNT = 20_000
NULLS = {
    "age_slope_nucleated": 0.0,
    "age_slope_progenitors_female": 0.0,
    "age_slope_progenitors_male": 0.0,
    "smoking_progenitors": 0.0,
    "body_mass_index_slope": 0.0,
    "osteonecrosis_progenitors": 1.0,
    "repeat_harvest": 1.0,
    "heparin_gain": 1.0,
    "side_hole_gain": 1.0,
}
"""Number that says a fact does nothing, by its record."""


def patient(age: float, sex: str, mass: float, *facts: str) -> Patient:
    written = {"age": f"{age} year", "sex": sex, "mass": f"{mass} kg", "height": "170 cm"}
    return validate(Patient, {**written, **dict.fromkeys(facts, True)}, "patient")


PATIENTS = (
    patient(8, "male", 30),
    patient(15, "female", 50, "smoker"),
    patient(35, "female", 90, "osteonecrosis_risk", "earlier_harvest"),
    patient(81, "male", 70, "smoker", "osteonecrosis_risk"),
)


def together() -> Facts:
    """Return the facts of all patients as arrays."""

    def row(name: str) -> np.ndarray:
        return np.array([getattr(Facts.of(one), name) for one in PATIENTS])

    return Facts(
        age=row("age"),
        female=row("female"),
        body_mass_index=row("body_mass_index"),
        smoker=row("smoker"),
        osteonecrosis_risk=row("osteonecrosis_risk"),
        earlier_harvest=row("earlier_harvest"),
    )


def test_many_patients_at_once_are_each_of_them() -> None:
    for factors, position in zip(patient_factors(together(), P), (0, 1), strict=True):
        alone = [float(patient_factors(one, P)[position]) for one in PATIENTS]
        assert factors == pytest.approx(alone, rel=1e-14)


def test_many_donors_at_once_are_each_of_them() -> None:
    plan = validate(Harvest, {"draws": ["3 x 5 mL"], "track": 3, "agent": "heparin"}, "harvest")
    luck = np.random.default_rng(2).standard_normal((5, len(PATIENTS)))
    numbers = Reading(catalogue(), Streams(4).named, len(PATIENTS)).fill(AspirationParameters)
    all_at_once = drawn(together(), plan, numbers, Donor.of(numbers, *luck[:2]), luck[2:]).pool
    for sample, one in enumerate(PATIENTS):
        p = Reading(catalogue(), Streams(4).named, len(PATIENTS))
        p.fill(AspirationParameters)
        p.used = {k: v if np.ndim(v) == 0 else v[sample] for k, v in p.used.items()}
        own = p.fill(AspirationParameters)
        found = drawn(one, plan, own, Donor.of(own, *luck[:2, sample]), luck[2:, [sample]]).pool
        for name in ("nucleated", "progenitors", "platelets", "red_cell_volume"):
            expected = float(np.squeeze(getattr(found, name)))
            assert getattr(all_at_once, name)[sample] == pytest.approx(expected, rel=1e-12), name


@pytest.mark.parametrize("name", NULLS)
def test_doing_nothing_lies_within_what_is_believed(name: str) -> None:
    """Within the stated range, or within two standard deviations of the printed number."""
    record = catalogue().record(f"aspiration.{name}")
    spread, null = record.spread, NULLS[name]
    assert spread is not None
    if spread.sd is not None:
        away = np.log(record.printed / null) if spread.law == "lognormal" else record.printed - null
        assert abs(away) <= 2 * spread.sd
    else:
        assert spread.low is not None
        assert spread.high is not None
        assert spread.low <= null <= spread.high
    assert record.printed != null


def test_what_the_specification_gives_a_range_has_a_spread() -> None:
    records = catalogue().section("aspiration")
    for name, low, high in (
        ("theta_progenitors", 0.3, 1.0),
        ("theta_nucleated", 0.5, 4.0),
        ("marrow_nucleated", 50e6, 130e6),
        ("laboratory_spread", 0.7, 1.5),
        ("child_gain", 3, 5),
        ("osteonecrosis_progenitors", 0.25, 1.0),
        ("repeat_harvest", 0.5, 1.0),
    ):
        spread = records[name].spread
        assert spread is not None
        assert (spread.low, spread.high) == (low, high)
    sites = catalogue().section("harvest_sites")
    assert all(
        sites[f"{bone}.density"].spread is not None
        for bone in P.sites
        if bone != "posterior_iliac_crest"
    )


def test_the_spread_of_donors_spans_the_studies() -> None:
    """0.53 to 1.19 for progenitors as a whole."""
    nucleated = catalogue().record("aspiration.donor_spread_nucleated").spread
    prevalence = catalogue().record("aspiration.donor_spread_prevalence").spread
    assert nucleated is not None
    assert prevalence is not None
    ends = [np.hypot(getattr(nucleated, e), getattr(prevalence, e)) for e in ("low", "high")]
    assert ends == pytest.approx([0.53, 1.19], abs=0.02)


def test_luck_in_arrays_preserves_the_mean() -> None:
    donor = Donor.of(P, *np.random.default_rng(8).standard_normal((2, 200_000)))
    total = np.exp(donor.ln_nucleated + donor.ln_progenitors)
    assert total.mean() == pytest.approx(1.0, abs=0.01)
    assert np.exp(donor.ln_nucleated).mean() == pytest.approx(1.0, abs=0.005)
