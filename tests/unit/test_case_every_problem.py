"""Cases with several faults at once: one wrong value hides no other, at any kind of site."""

# ruff: noqa: E501  (a table of messages reads best with one message a line)

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from trephine.case import document
from trephine.case.case import of_any_kind
from trephine.case.trial import Trial
from trephine.cli.example import written
from trephine.core.errors import InputError

GONE = object()
INTERVAL = "plan.follow_up: duration must be a whole number of intervals, at least one"
KINDS_OF_SITE = "shaft, femoral_head, regenerate, joint, disc, tendon, bursa"
STEPS_OF_PAIN = (
    "injection, saline_injection, corticosteroid_injection, hyaluronic_acid_injection, "
    "platelet_injection, cord_cell_injection, exercise, operation"
)


def example(name: str) -> dict[str, Any]:
    return tomllib.loads(written(name))


def broken(name: str, faults: Mapping[str, object]) -> dict[str, Any]:
    """Return an example with a value replaced at each place."""
    data = example(name)
    for place, value in faults.items():
        *path, last = [int(part) if part.isdigit() else part for part in place.split(".")]
        here: Any = data
        for part in path:
            here = here[part]
        if value is GONE:
            del here[last]
        else:
            here[last] = copy.deepcopy(value)
    return data


def told(data: object) -> list[str]:
    with pytest.raises(InputError) as refusal:
        of_any_kind(data, "my.toml")
    assert refusal.value.headline == "my.toml is not a valid case"
    return [str(problem) for problem in refusal.value.problems]


WORST = {
    "a knee": (
        "knee-osteoarthritis",
        {"site.pain.value": "high", "site.at": "kneee", "site.side": GONE, "site.pfirrmann": 3,
         "patient.smokes": True, "plan.steps.0.deliver.volume": "9 mL"},
        [
            "patient.smokes: unknown key; did you mean 'smoker'?",
            "site.pain.value: write a number, at least 0 and at most 100",
            "site: at = 'kneee' is no place of a joint; did you mean 'knee'? write one of knee, hip, ankle, shoulder, facet, sacroiliac",
            "site: a joint needs side, left or right",
            "site: pfirrmann belongs to a disc, not to a joint",
            "plan.steps.0: deliver.volume (9 mL) is more than the product (6 mL)",
        ],
    ),
    "a disc": (
        "lumbar-disc",
        {"site.side": "left", "site.endplate_open": "70 %", "site.pfirrmann": 6, "site.function.score": "odi",
         "plan.steps": [
             {"kind": "exercise", "day": 3},
             {"kind": "loading", "day": "0 d", "body_weights": 1},
             {"kind": "operation", "day": "7 d", "what": "arthroscopy"},
         ]},
        [
            "site.function.score: 'odi' is not accepted; did you mean 'ODI'? write 'WOMAC', 'KOOS', 'ODI', 'ASES', 'DASH', 'PRTEE', 'AOFAS', 'Oxford knee score', 'IKDC' or 'Constant'",
            "site.pfirrmann: must be at least 1 and at most 5",
            "site.endplate_open: write a number, more than 0 and at most 1",
            "site: a disc has no side; leave it out",
            "plan.steps.0.day: write the unit, for example '10 d'",
            f"plan: steps.1 is of kind 'loading', which this kind of site does not know; known: {STEPS_OF_PAIN}",
            "plan.steps.2: arthroscopy is no operation on a disc; known: discectomy, fusion",
        ],
    ),
    "a tendon": (
        "rotator-cuff",
        {"site.tear": "whole", "site.kellgren_lawrence": 2, "plan.steps.0.day": "tomorrow",
         "patient.sex": ["female"], "name": GONE},
        [
            "name: is missing",
            "patient.sex: ['female'] is not accepted; write 'female' or 'male'",
            "site.tear: 'whole' is not accepted; write 'none', 'partial' or 'full'",
            "site: kellgren_lawrence belongs to a joint, not to a tendon",
            "plan.steps.0.day: 'tomorrow' is not a duration; write for example '10 d'",
        ],
    ),
    "a bursa": (
        "rotator-cuff",
        {"site.kind": "bursa", "patient": ["woman"],
         "plan.steps.0": {"kind": "saline_injection", "day": "0 d", "times": "three", "every": 12, "deliver": {}}},
        [
            "patient: write a table with keys, not a list",
            "site: at = 'rotator_cuff' is no place of a bursa; write one of subacromial, trochanteric",
            "site: tear belongs to a tendon, not to a bursa",
            "plan.steps.0.times: write a whole number, at least 1 and at most 24",
            "plan.steps.0.every: write the unit, for example '2 wk'",
            "plan.steps.0.deliver: does not belong to 'saline_injection' but to injection; leave it out",
        ],
    ),
    "a hip": (
        "hip-osteonecrosis",
        {"site.radius": 23, "site.lesion.painted": {"half_angle": 50}, "site.flattening": "1 mm",
         "plan.follow_up.interval": "7 wk", "plan.steps.0.kind": "medication"},
        [
            "site.lesion.painted.half_angle: write the unit, for example '10 deg'",
            "site.radius: write the unit, for example '12 mm'",
            "site.lesion: give exactly one of jic, necrotic_angle, volume and painted",
            "site: flattening belongs to stage III; leave it out, or change stage",
            "plan.steps.0.drug: is missing",
            "plan.steps.0.body_weights: does not belong to 'medication' but to loading; leave it out",
            INTERVAL,
            "plan: steps.0 is of kind 'medication', which this kind of site does not know; known: core_decompression, injection, loading",
        ],
    ),
    "a regenerate": (
        "tibia-lengthening",
        {"site.biology": "fresh", "site.fixation.kind": "plate", "site.shaft.canal_diameter": "30 mm",
         "plan.steps.2.rhythm": "four", "plan.steps.3.deliver.volume": {"mL": 12}},
        [
            "site.shaft: canal_diameter must be less than outer_diameter",
            "site.fixation: a plate cannot draw bone ends apart; write ring_fixator, unilateral_fixator or nail",
            "site.biology: write a table with keys, not a single value",
            "plan.steps.2.rhythm: write a whole number, at least 1 and at most 1440",
            "plan.steps.3.deliver.volume: write a volume, for example '4 mL'",
        ],
    ),
    "a shaft": (
        "femur-nonunion",
        {"site.gap.width": 4, "site.fixation.nail_diameter": "20 mm", "patient.platelets": 250,
         "plan.steps.0.day": "400 d", "plan.follow_up.interval": "5 d"},
        [
            "patient.platelets: write the unit, for example '1e+06 1/mL'",
            "site.gap.width: write the unit, for example '4 mm'",
            "site: the nail (20 mm) is wider than the canal (14 mm); give a thinner nail_diameter",
            INTERVAL,
            "plan: steps.0 is on day 400, after the last visit on day 182",
        ],
    ),
    "a slip in the kind of site": (
        "knee-osteoarthritis",
        {"site.kind": "jiont", "site.at": "elbow", "patient.age": 62, "plan.steps.0.kind": "injektion"},
        [
            f"site.kind: 'jiont' is unknown; did you mean 'joint'? known: {KINDS_OF_SITE}",
            "patient.age: write the unit, for example '10 year'",
            "site: at = 'elbow' is no place of a joint; write one of knee, hip, ankle, shoulder, facet, sacroiliac",
            "plan.steps.0.kind: 'injektion' is unknown; did you mean 'injection'?",
        ],
    ),
    "an unknown kind of site": (
        "femur-nonunion",
        {"site.kind": "leg", "patient.age": "47", "plan.follow_up": "26 wk"},
        [
            f"site.kind: 'leg' is unknown; known: {KINDS_OF_SITE}",
            "patient.age: write the unit, for example '10 year'",
            "plan.follow_up: write a table with keys, not a single value",
        ],
    ),
    "a joint in place of a kind": (
        "knee-osteoarthritis",
        {"site.kind": "knee", "plan.steps.0.kind": "saline", "patient.mass": 78},
        [
            f"site.kind: 'knee' is unknown; did you mean kind = 'joint' with at = 'knee'? known: {KINDS_OF_SITE}",
            "patient.mass: write the unit, for example '70 kg'",
            "plan.steps.0.kind: 'saline' is unknown; did you mean 'saline_injection'?",
        ],
    ),
    "no kind of site": (
        "knee-osteoarthritis",
        {"site.kind": GONE, "patient.mass": "78"},
        [
            f"site.kind: is missing; write one of {KINDS_OF_SITE}",
            "patient.mass: write the unit, for example '70 kg'",
        ],
    ),
    "a site in a word": (
        "rotator-cuff",
        {"site": "shoulder", "patient.diabetes": "no"},
        [
            f"site: write a table with keys, its kind one of {KINDS_OF_SITE}",
            "patient.diabetes: write true or false",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", WORST)
def test_every_fault_is_told_at_once(which: str) -> None:
    name, faults, lines = WORST[which]
    assert told(broken(name, faults)) == lines


def test_an_unknown_step_lists_those_of_its_site_or_of_all() -> None:
    (line,) = told(broken("lumbar-disc", {"plan.steps.0": {"kind": "walking", "day": "0 d"}}))
    assert "cord_cell_injection" in line
    assert "distraction" not in line
    faults = {"site.kind": "leg", "plan.steps.0": {"kind": "walking", "day": "0 d"}}
    assert "cord_cell_injection, core_decompression" in told(broken("lumbar-disc", faults))[1]


def test_a_list_of_tables_is_asked_for_as_the_file_writes_it() -> None:
    faults = {"plan.steps": "x", "patient.mass": 78}
    mass = "patient.mass: write the unit, for example '70 kg'"
    for name in ("femur-nonunion", "knee-osteoarthritis"):
        assert told(broken(name, faults)) == [mass, "plan.steps: write tables [[plan.steps]]"]
    with pytest.raises(InputError, match=r"arms: write tables \[\[arms\]\]"):
        document.validate(Trial, {"name": "made up", "arms": "both"}, "my.toml")
    # Sabotage: a list of values is still asked for as such, on one line.
    (line,) = told(broken("femur-nonunion", {"plan.steps.3.harvest.draws": "5 mL"}))
    assert line.endswith('write a list, for example ["5 mL"]')


def test_without_the_second_look_faults_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    # Sabotage: what pydantic alone finds is fewer.
    name, faults, lines = WORST["a shaft"]
    monkeypatch.setattr(document, "overlooked", lambda _kind, _data: [])
    assert len(told(broken(name, faults))) == len(lines) - 2


def leaves(data: object, place: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the place of every value of a case, tables and lists among them."""
    if place:
        yield ".".join(place)
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*place, key))
    if isinstance(data, list):
        for number, value in enumerate(data):
            yield from leaves(value, (*place, str(number)))


@pytest.mark.parametrize("name", ["femur-nonunion", "hip-osteonecrosis", "lumbar-disc"])
@pytest.mark.parametrize("wrong", [{"a": 1}, [["b"]]], ids=["table", "list"])
def test_a_wrong_type_anywhere_hides_no_other_fault(name: str, wrong: object) -> None:
    base = broken(name, {"patient.agee": 1, "plan.follow_up.interval": "11 d"})
    for place in leaves(example(name)):
        if place in {"patient", "plan", "plan.follow_up"}:
            continue
        data = copy.deepcopy(base)
        here: Any = data
        *path, last = [int(part) if part.isdigit() else part for part in place.split(".")]
        for part in path:
            here = here[part]
        here[last] = copy.deepcopy(wrong)
        lines = told(data)
        assert "patient.agee: unknown key; did you mean 'age'?" in lines, place
        assert len(set(lines)) == len(lines)
        if not place.startswith("plan.follow_up"):
            assert INTERVAL in lines, place
            assert len(lines) > 2, place
