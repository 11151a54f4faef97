"""The host: factors on named rates, the reference patient, drugs from day to day."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trephine.case.document import validate
from trephine.case.medication import Medication
from trephine.case.patient import Patient
from trephine.catalogue.load import catalogue
from trephine.core.errors import CatalogueError, InputError
from trephine.models import host, inflammation
from trephine.models.callus import CallusParameters, in_engine_units
from trephine.models.host import HostParameters
from trephine.models.inflammation import InflammationParameters
from trephine.models.reading import Reading
from trephine.models.signal import dose_threshold, has_threshold

READING = Reading(catalogue())
P = READING.fill(HostParameters)
CALLUS = in_engine_units(READING.fill(CallusParameters))
MACROPHAGES = inflammation.numbers(READING.fill(InflammationParameters))
DRUGS = ("nsaid", "corticosteroid")


def patient(**other: Any) -> Patient:
    data = {"age": "50 year", "sex": "male", "mass": "80 kg"} | other
    return validate(Patient, data, "patient")


def taking(drug: str, day: str = "0 d", until: str | None = None) -> Medication:
    data = {"kind": "medication", "drug": drug, "day": day}
    return validate(Medication, data if until is None else data | {"until": until}, "medication")


def both(who: Patient, drugs: list[Medication], day: float = 1.0) -> dict[str, float]:
    """Return every factor, those on macrophages by a name of their own."""
    on = host.factors_on_macrophages(who, drugs, day, P)
    return host.factors(who, drugs, day, P) | {f"macrophages.{k}": v for k, v in on.items()}


patients = st.builds(
    lambda age, smoker, diabetes: patient(age=f"{age:.6f} year", smoker=smoker, diabetes=diabetes),
    st.floats(0, 120),
    st.booleans(),
    st.booleans(),
)
drugs = st.lists(st.sampled_from([taking(d) for d in DRUGS]), max_size=4)


def test_the_reference_patient_gives_exactly_one() -> None:
    found = both(patient(), [])
    assert len(found) > 10
    assert set(found.values()) == {1.0}


@settings(max_examples=60, deadline=None)
@given(patients, drugs)
def test_factors_are_positive_and_bounded_and_name_the_same_rates(
    who: Patient, taken: list[Medication]
) -> None:
    found = both(who, taken)
    assert found.keys() == both(patient(), []).keys()
    assert all(0.2 < value < 3.0 for value in found.values())


@settings(max_examples=60, deadline=None)
@given(patients, drugs)
def test_the_order_of_causes_does_not_matter(who: Patient, taken: list[Medication]) -> None:
    assert both(who, taken) == both(who, taken[::-1])
    assert both(who, taken) == both(who, [*taken, *taken])
    changes = [host.factors(who, taken, 1.0, P), {"to_bone": 0.7}, {"to_bone": 1.1}]
    forward, backward = host.applied(CALLUS, *changes), host.applied(CALLUS, *changes[::-1])
    assert forward == pytest.approx(backward, rel=1e-14)


def test_every_factor_acts_on_a_number_that_exists() -> None:
    who = patient(smoker=True, diabetes=True)
    changed = host.applied(CALLUS, host.factors(who, [taking("nsaid")], 0.0, P))
    assert changed["vessel_growth"] == pytest.approx(CALLUS["vessel_growth"] * 0.7 * 0.9)
    assert changed["haptotaxis"] == CALLUS["haptotaxis"]
    assert changed.keys() == CALLUS.keys()
    quiet = host.applied(MACROPHAGES, host.factors_on_macrophages(who, [], 0.0, P))
    assert quiet["switch"] == pytest.approx(0.075 * 0.7)
    with pytest.raises(CatalogueError, match="no number here; did you mean 'vessel_growth'"):
        host.applied(CALLUS, {"vessel_grow": 0.5})


CAUSES = {
    "age": (patient(age="75 year"), []),
    "smoking": (patient(smoker=True), []),
    "diabetes": (patient(diabetes=True), []),
    "nsaid": (patient(), [taking("nsaid")]),
    "corticosteroid": (patient(), [taking("corticosteroid")]),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_no_cause_makes_a_dose_reach_further(cause: str) -> None:
    # Fewer progenitors committed to bone would alone let more of them stay progenitors and lower
    # the threshold (U16); what a cause does as a whole must not.
    changed = host.applied(CALLUS, host.factors(*CAUSES[cause], 1.0, P))
    assert has_threshold(changed)
    assert dose_threshold(changed, 0.94)[0] >= dose_threshold(CALLUS, 0.94)[0]


def test_all_causes_together_leave_a_threshold_to_cross() -> None:
    who = patient(age="90 year", smoker=True, diabetes=True)
    changed = host.applied(CALLUS, host.factors(who, [taking(d) for d in DRUGS], 1.0, P))
    assert has_threshold(changed)


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_acts_in_the_direction_of_its_source(cause: str) -> None:
    more = {
        "osteoblast_loss",
        "macrophages.inflammatory_secretion",
        "macrophages.recruitment",
    }
    steroid = {"macrophages.inflammatory_secretion", "macrophages.recruitment"}
    found = both(*CAUSES[cause])
    assert any(value != 1.0 for value in found.values())
    for rate, factor in found.items():
        rises = rate in more and not (cause == "corticosteroid" and rate in steroid)
        assert factor >= 1.0 if rises else factor <= 1.0, rate


def test_age_matters_between_the_ends_of_the_data() -> None:
    def division(age: str) -> float:
        return host.factors(patient(age=age), [], 0.0, P)["progenitor_growth"]

    assert division("60 year") == pytest.approx(0.93)
    assert division("40 year") == pytest.approx(1 / 0.93)
    assert division("17 year") / division("90 year") == pytest.approx(1.7, rel=0.01)
    assert division("5 year") == division("17 year")
    assert division("100 year") == division("90 year")


def test_a_drug_acts_while_it_is_taken() -> None:
    drug = taking("nsaid", "2 d", "10 d")
    signal = [host.factors(patient(), [drug], d, P)["progenitor_signal"] for d in (1, 2, 9.9, 10)]
    assert signal == [1.0, 0.85, 0.85, 1.0]
    assert taking("nsaid", "2 d").is_taken(1e9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"until": "2 d"}, "until (day 2) must be after day 2"),
        ({"until": "0 d"}, "until: must be more than 0 d"),
        ({"drug": "aspirin"}, "drug: 'aspirin' is not accepted; write 'nsaid' or 'corticosteroid'"),
        ({"day": "-1 d"}, "day: must be at least 0 d"),
        ({"dose": "5 mg"}, "dose: unknown key"),
    ],
)
def test_a_medication_that_cannot_be_is_refused(change: dict[str, str], said: str) -> None:
    data = {"kind": "medication", "drug": "nsaid", "day": "2 d"} | change
    with pytest.raises(InputError) as caught:
        validate(Medication, data, "plan")
    assert said in str(caught.value)


def test_a_medication_is_written_as_it_was_read() -> None:
    drug = taking("corticosteroid", "0 d", "14 d")
    assert validate(Medication, drug.as_written(), "again") == drug
    assert "until" not in taking("nsaid").as_written()


def test_effects_hold_what_their_records_say() -> None:
    held = {
        f"host.{part}.{cause}.{rate}"
        for part in ("callus", "macrophages")
        for cause in (f.name for f in dataclasses.fields(getattr(P, part)))
        for rate in getattr(getattr(P, part), cause)
    }
    records = {key for key in catalogue().records if key.startswith(("host.callus", "host.macro"))}
    assert held == records
    unsure = [key for key in records if catalogue().records[key].spread is None]
    assert unsure == [], "how uncertain?"
