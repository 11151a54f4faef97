"""Harm of a harvest: chances of events and their intervals, relative risks, loss of blood."""

from __future__ import annotations

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.patient import Patient
from trephine.catalogue.load import catalogue
from trephine.models.aspiration import AspirationParameters, Facts
from trephine.models.harvest_risk import chance, haemoglobin_fall, risks
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(AspirationParameters).risk
ML = 1e-6


def patient(**facts: object) -> Patient:
    plain = {"age": "50 year", "sex": "male", "mass": "80 kg", "height": "180 cm"}
    return validate(Patient, {**plain, **facts}, "patient")


def told(one: Patient) -> dict[str, float]:
    return dict(risks(one, 25 * ML, 0.45, P).chance)


def test_chances_are_those_of_the_series_by_hand() -> None:
    # (3 + 1/2)/(523 + 1) and (22 + 1/2)/(435 + 1).
    found = risks(patient(), 25 * ML, 0.45, P)
    assert found.chance["major"] == pytest.approx(3.5 / 524)
    assert found.chance["anaemia"] == pytest.approx(16.5 / 524)
    assert found.graft["major"] == pytest.approx(22.5 / 436)
    assert set(found.chance) == set(found.low) == set(found.high) == set(found.graft)
    assert len(found.chance) == 6


def test_the_interval_holds_95_percent_of_the_samples() -> None:
    luck = np.random.default_rng(4).random((6, 40_000))
    known = risks(patient(), 25 * ML, 0.45, P)
    drawn = risks(patient(), 25 * ML, 0.45, P, dict(zip(known.chance, luck, strict=True)))
    for event, values in drawn.chance.items():
        inside = (values >= known.low[event]) & (values <= known.high[event])
        assert inside.mean() == pytest.approx(0.95, abs=0.006)
        assert np.mean(values) == pytest.approx(known.chance[event], rel=0.02)


def test_no_event_in_few_cases_leaves_doubt() -> None:
    assert chance(0.0, 10.0, P) == pytest.approx(0.5 / 11)
    assert chance(0.0, 10.0, P, 0.975) > 0.2


def test_bleeding_is_likelier_with_anticoagulants_and_in_the_obese() -> None:
    plain, thin_blooded = told(patient()), told(patient(anticoagulated=True))
    heavy = told(patient(mass="100 kg"))
    both = told(patient(mass="100 kg", anticoagulated=True))
    assert thin_blooded["major"] / plain["major"] == pytest.approx(3.0, rel=0.01)
    assert heavy["major"] / plain["major"] == pytest.approx(1.5, rel=0.01)
    assert both["major"] / plain["major"] == pytest.approx(4.5, rel=0.02)
    assert both["early_pain"] == plain["early_pain"]
    assert both["anaemia"] < 1.0


def test_many_patients_at_once_are_each_of_them() -> None:
    people = (patient(), patient(mass="120 kg"), patient(anticoagulated=True))
    facts = Facts(
        age=np.array([p.age for p in people]),
        body_mass_index=np.array([p.body_mass_index for p in people]),
        mass=np.array([p.mass for p in people]),
        anticoagulated=np.array([p.anticoagulated for p in people]),
    )
    found = risks(facts, 25 * ML, 0.45, P)
    for number, one in enumerate(people):
        alone = risks(one, 25 * ML, 0.45, P)
        assert found.chance["major"][number] == pytest.approx(alone.chance["major"])  # type: ignore[index]
        assert found.haemoglobin_fall[number] == pytest.approx(alone.haemoglobin_fall)  # type: ignore[index]


def test_blood_lost_by_hand() -> None:
    # 27 mL of red cells of a man of 80 kg: 340 g/L x 27 mL / 5600 mL = 1.64 g/L, less 0.5 %.
    assert haemoglobin_fall(27 * ML, 0.45, 80.0, P) == pytest.approx(1.6306, abs=2e-3)
    linear = 340 * 27 / 5600
    assert haemoglobin_fall(27 * ML, 0.45, 80.0, P) < linear
    assert haemoglobin_fall(1e-9 * ML, 0.45, 80.0, P) == pytest.approx(linear / 27e9, rel=1e-6)
    assert haemoglobin_fall(1.0, 0.45, 80.0, P) <= 340 * 0.45


def test_without_a_body_mass_no_fall_is_told() -> None:
    assert risks(Facts(age=1e9), 25 * ML, 0.45, P).haemoglobin_fall is None
