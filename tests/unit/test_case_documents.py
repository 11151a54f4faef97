"""The case file: what is accepted, and what a person is told about what is not."""

# ruff: noqa: E501  (a table of messages reads best with one row a line)

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from trephine.case.case import Case, read, write
from trephine.case.document import validate
from trephine.case.loading import Loading
from trephine.case.plan import Injection, Step
from trephine.case.settings import PRESETS, Settings
from trephine.core.errors import InputError

EXAMPLE = Path(__file__).parents[2] / "src/trephine/cli/examples/femur-nonunion.toml"
WRITTEN = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
DAY = 86400.0
INJECTION = next(
    i for i, step in enumerate(WRITTEN["plan"]["steps"]) if step["kind"] == "injection"
)


def broken(place: str, value: object) -> dict[str, Any]:
    """Return the example with one value replaced, or set where there was none."""
    data: Any = copy.deepcopy(WRITTEN)
    here = data
    *path, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    for part in path:
        here = here[part]
    here[last] = value
    whole: dict[str, Any] = data
    return whole


def told(data: object) -> list[str]:
    """Return the problems of a case, one line each."""
    with pytest.raises(InputError) as refusal:
        validate(Case, data, "bad.toml")
    assert refusal.value.headline == "bad.toml is not a valid case"
    return [str(problem) for problem in refusal.value.problems]


def test_the_example_is_read_in_si() -> None:
    case = read(EXAMPLE)
    assert case.site.gap.width == 4e-3
    first, second = case.plan.injections
    assert len(first.harvest.draws) == 12
    assert first.harvest.volume == pytest.approx(60e-6)
    assert first.harvest_day == 0.0
    assert second.day == 30 * DAY
    assert second.harvest_day == 0.0
    assert case.patient.age_years == pytest.approx(47)
    assert case.patient.body_mass_index == pytest.approx(80 / 1.78**2)


def test_the_load_follows_the_plan() -> None:
    plan = read(EXAMPLE).plan
    days = [step.day / DAY for step in plan.loadings]
    assert days == sorted(days)
    weights = [plan.body_weights(day * DAY) for day in (0, 41.9, 42, 83.9, 84, 400)]
    assert weights == [0.25, 0.25, 0.6, 0.6, 1.2, 1.2]
    assert read(EXAMPLE).with_plan(steps=[]).plan.body_weights(10 * DAY) == 0.0


UNKNOWN = [
    ("nam", "name"),
    ("patient.agee", "age"),
    ("site.gapp", "gap"),
    ("site.shaft.ovalty", "ovality"),
    ("site.gap.widht", "width"),
    ("site.fixation.nail_diametre", "nail_diameter"),
    ("site.biology.perfused", "perfusion"),
    ("plan.step", "steps"),
    ("plan.follow_up.intervall", "interval"),
    ("plan.steps.0.body_weight", "body_weights"),
    (f"plan.steps.{INJECTION}.procces", "process"),
    (f"plan.steps.{INJECTION}.harvest.syrnge", "syringe"),
    (f"plan.steps.{INJECTION}.harvest.needle.gage", "gauge"),
    (f"plan.steps.{INJECTION}.process.devise", "device"),
    (f"plan.steps.{INJECTION}.deliver.carier", "carrier"),
    (f"plan.steps.{INJECTION}.deliver.needle.lenght", "length"),
]


@pytest.mark.parametrize(("place", "meant"), UNKNOWN)
def test_an_unknown_key_is_refused_at_every_level(place: str, meant: str) -> None:
    assert told(broken(place, 1)) == [f"{place}: unknown key; did you mean '{meant}'?"]


def test_an_unknown_key_like_nothing_is_told_what_is_known() -> None:
    assert told(broken("patient.zzz", 1)) == [
        (
            "patient.zzz: unknown key; known: age, anticoagulated, bleeding_disorder, "
            "blood_nucleated, cancer, diabetes, earlier_harvest, height, infection, mass, "
            "osteonecrosis_risk, platelets, pregnant, sex, smoker"
        )
    ]


STEP = f"plan.steps.{INJECTION}"


def kinds_in(hint: Any) -> set[str]:
    """Return the kinds of steps that an annotation takes."""
    if hasattr(hint, "model_fields"):
        return set(get_args(hint.model_fields["kind"].annotation))
    return {kind for part in get_args(hint) for kind in kinds_in(part)}


STEP_KINDS = sorted(kinds_in(Step) & set(Case.STEPS))
ONE_PROBLEM = [
    ("format", 2, "format: 2 is not accepted; write 1"),
    ("name", "", "name: must not be empty"),
    ("name", 3, "name: write text in quotes"),
    ("site", 3, "site: write a table with keys, not a single value"),
    ("plan.steps", {}, "plan.steps: write tables [[plan.steps]]"),
    ("plan.steps", ["x"], "plan.steps.0: write a table with keys, not a single value"),
    ("patient.age", "47", "patient.age: write the unit, for example '10 year'"),
    ("patient.age", "-1 year", "patient.age: must be at least 0 year"),
    ("patient.age", "121 year", "patient.age: must be at most 120 year"),
    ("patient.mass", 80, "patient.mass: write the unit, for example '70 kg'"),
    ("patient.sex", "m", "patient.sex: 'm' is not accepted; write 'female' or 'male'"),
    ("patient.blood_nucleated", "6000 /mL", "patient.blood_nucleated: must be at least 1e+05 1/mL"),
    ("patient.blood_nucleated", "6e12 /mL", "patient.blood_nucleated: must be at most 1e+09 1/mL"),
    ("patient.smoker", "yes", "patient.smoker: write true or false"),
    ("patient.smoker", 1, "patient.smoker: write true or false"),
    ("site.gap.width", "-4 mm", "site.gap.width: must be more than 0 mm"),
    ("site.gap.width", "4 mL", "site.gap.width: '4 mL' is not a length; write for example '4 mm'"),
    ("site.gap.width", "4,5 mm", "site.gap.width: '4,5 mm' is not a length; write a decimal point, for example '4.5 mm'"),
    ("site.gap.tilt", "61 deg", "site.gap.tilt: must be at most 60 deg"),
    ("site.biology.perfusion", 1.5, "site.biology.perfusion: must be at most 1"),
    ("site.biology.perfusion", "10 deg", "site.biology.perfusion: '10 deg' is not a plain number; write for example '0.4'"),
    ("site.shaft.ovality", 10**400, "site.shaft.ovality: must be a finite number"),
    ("site.shaft.canal_diameter", "30 mm", "site.shaft: canal_diameter must be less than outer_diameter"),
    ("site.fixation.nail_diameter", "15 mm", "site: the nail (15 mm) is wider than the canal (14 mm); give a thinner nail_diameter"),
    ("site.fixation", {"kind": "nail"}, "site.fixation: a nail needs nail_diameter, for example nail_diameter = '11 mm'"),
    ("site.fixation", {"kind": "plate", "nail_diameter": "9 mm"}, "site.fixation: nail_diameter does not belong to a plate"),
    ("site.fixation", {"kind": "cast"}, "site.fixation: no stiffness of a cast is published; give axial_stiffness, for example '200 N/mm'"),
    ("site.scan", {"density": "d", "labels": "l", "contents": "c", "source": "s"}, "site: give exactly one of [site.shaft] and [site.scan]"),
    ("plan.follow_up.duration", "0 wk", "plan.follow_up.duration: must be more than 0 wk"),
    ("plan.follow_up.interval", "5 d", "plan.follow_up: duration must be a whole number of intervals, at least one"),
    ("plan.follow_up.interval", "1 h", "plan.follow_up: at most 520 visits; lengthen interval or shorten duration"),
    ("plan.steps.0.day", "400 d", "plan: steps.0 is on day 400, after the last visit on day 182"),
    ("plan.steps.0.kind", "walking", f"plan.steps.0.kind: 'walking' is unknown; known: {', '.join(STEP_KINDS)}"),
    (f"{STEP}.kind", "injektion", f"{STEP}.kind: 'injektion' is unknown; did you mean 'injection'?"),
    (f"{STEP}.process.method", "concentrat", f"{STEP}.process.method: 'concentrat' is unknown; did you mean 'concentrate'?"),
    (f"{STEP}.process", "spin", f"{STEP}.process: write a table with keys, not a single value"),
    (f"{STEP}.harvest.draws", "12 x 5 mL", f'{STEP}.harvest.draws: write a list, for example ["12 x 5 mL"]'),
    (f"{STEP}.harvest.draws", [], f"{STEP}.harvest.draws: must not be empty"),
    (f"{STEP}.harvest.draws", ["12 x 3 kg"], f"{STEP}.harvest.draws.0: '3 kg' is not a volume; write for example '4 mL'"),
    (f"{STEP}.harvest.draws", ["9 x 5 mL", 4], f"{STEP}.harvest.draws.1: write the unit, for example '4 mL'"),
    (f"{STEP}.harvest.draws", ["999999999 x 5 mL"], f"{STEP}.harvest.draws: at most 200 draws"),
    (f"{STEP}.harvest.draws", ["11 mL"], f"{STEP}.harvest: draw 1 of 11 mL does not fit a syringe of 10 mL"),
    (f"{STEP}.harvest.needle.gauge", 40, f"{STEP}.harvest.needle.gauge: must be at most 32"),
    (f"{STEP}.harvest.day", "1 d", f"{STEP}: harvest.day must be at or before day 0 to leave time for the processing"),
    (f"{STEP}.process.product_volume", "99 mL", f"{STEP}: process.product_volume (99 mL) is more than the pool: 60 mL drawn and 8 mL of anticoagulant"),
    (f"{STEP}.deliver.volume", "11 mL", f"{STEP}: deliver.volume (11 mL) is more than the product (10 mL)"),
    (f"{STEP}.deliver.carrier", "glue", f"{STEP}.deliver.carrier: 'glue' is not accepted; write 'none', 'clot', 'demineralised_bone', 'allograft' or 'ceramic'"),
    (f"{STEP}.deliver.carrier", "demineralised_bone", f"{STEP}.deliver: demineralised bone needs carrier_volume, for example '5 mL'"),
    (f"{STEP}.harvest.anticoagulant", "500 mL", f"{STEP}.harvest: anticoagulant of 500 mL is more than the 60 mL of marrow; write at most that, a tenth is usual"),
    (f"{STEP}.process.spin", {"g": 9000, "duration": "23 h"}, f"{STEP}.process.spin: 9,000 g for 1,380 min is no spin of marrow; write at most 10,000 g, and at most 10,000,000 s of force times time"),
    (f"{STEP}.process.spin", {"g": 90000, "duration": "1 min"}, f"{STEP}.process.spin: 90,000 g for 1 min is no spin of marrow; write at most 10,000 g, and at most 10,000,000 s of force times time"),
    (f"{STEP}.deliver.flow", "100 L/min", f"{STEP}.deliver.flow: must be at most 600 mL/min"),
    (f"{STEP}.deliver.wait", "400 d", f"{STEP}.deliver.wait: must be at most 20160 min"),
    (f"{STEP}.deliver.carrier_volume", "1 mL", f"{STEP}.deliver: carrier_volume does not belong to carrier 'clot'"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "line"), ONE_PROBLEM)
def test_a_broken_value_is_told_with_its_place(place: str, value: object, line: str) -> None:
    assert told(broken(place, value)) == [line]


def test_a_missing_kind_lists_the_kinds() -> None:
    data = broken(f"{STEP}.process", {"product_volume": "10 mL"})
    kinds = "microfragmented_fat, stromal_vascular_fraction, culture, centrifuge, concentrate, none"
    assert told(data) == [f"{STEP}.process.method: is missing; write one of {kinds}"]


def test_every_problem_is_told_at_once() -> None:
    data = broken("patient", {"agee": "47 year", "sex": "male", "mass": "80"})
    data["site"]["gap"]["width"] = 4
    data["plan"]["steps"][INJECTION]["harvest"]["draws"] = ["5", "3 kg"]
    assert told(data) == [
        "patient.age: is missing",
        "patient.mass: write the unit, for example '70 kg'",
        "patient.agee: unknown key; did you mean 'age'?",
        "site.gap.width: write the unit, for example '4 mm'",
        f"{STEP}.harvest.draws.0: write the unit, for example '4 mL'",
        f"{STEP}.harvest.draws.1: '3 kg' is not a volume; write for example '4 mL'",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a valid case"),
        (b"name = ", "is not valid TOML"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"x = " + b"9" * 5000, "is not valid TOML"),
        (b"x = " + b"[" * 5000, "is not valid TOML"),
    ],
)
def test_a_file_that_is_no_case_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "bad.toml").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read(tmp_path / "bad.toml")


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read(tmp_path / "none.toml")
    (tmp_path / "there.toml").write_bytes(EXAMPLE.read_bytes())
    with pytest.raises(InputError, match=r"did you mean .*there\.toml\?"):
        read(tmp_path / "there")
    with pytest.raises(InputError, match="is a folder"):
        read(tmp_path)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "bom.toml").write_bytes(b"\xef\xbb\xbf" + EXAMPLE.read_bytes())
    assert read(tmp_path / "bom.toml") == read(EXAMPLE)


def test_a_case_written_and_read_is_the_same(tmp_path: Path) -> None:
    case = read(EXAMPLE)
    write(case, tmp_path / "again.toml")
    again = read(tmp_path / "again.toml")
    assert again == case
    assert again.digest == case.digest


def test_defaults_are_written_out_with_their_units() -> None:
    deliver = read(EXAMPLE).as_written()["plan"]["steps"][INJECTION]["deliver"]
    assert deliver["carrier_volume"] == "0 mL"
    assert deliver["needle"] == {"gauge": 11.0, "length": "100 mm"}


def test_a_default_counts_in_the_digest() -> None:
    said = broken("patient.smoker", value=False)
    unsaid = copy.deepcopy(WRITTEN)
    del unsaid["patient"]["smoker"]
    digests = [validate(Case, data, "x").digest for data in (said, unsaid)]
    assert digests[0] == digests[1]
    assert validate(Case, broken("patient.smoker", value=True), "x").digest != digests[0]


def test_where_scan_files_lie_is_not_content(tmp_path: Path) -> None:
    data = copy.deepcopy(WRITTEN)
    del data["site"]["shaft"]
    scan = {"density": "d.nii", "labels": "l.nii", "contents": "0" * 16, "source": "a CT"}
    here = validate(Case, {**data, "site": {**data["site"], "scan": scan}}, "x")
    there = here.changed({"site": {"scan": {"density": str(tmp_path / "d.nii")}}})
    other = here.changed({"site": {"scan": {"contents": "1" * 16}}})
    assert here.digest == there.digest
    assert here.digest != other.digest


def test_scan_files_are_looked_for_beside_the_case(tmp_path: Path) -> None:
    data = copy.deepcopy(WRITTEN)
    del data["site"]["shaft"]
    data["site"]["scan"] = {
        "density": "d.nii", "labels": "l.nii", "contents": "0" * 16, "source": "a CT",
    }  # fmt: skip
    write(validate(Case, data, "x"), tmp_path / "case.toml")
    scan = read(tmp_path / "case.toml").site.scan
    assert scan is not None
    assert scan.density == str((tmp_path / "d.nii").resolve())


def test_one_thing_in_the_plan_is_changed_and_checked() -> None:
    case = read(EXAMPLE)
    alone = case.with_plan(steps=[])
    assert alone.plan.steps == []
    assert alone.plan.follow_up == case.plan.follow_up
    assert alone.patient == case.patient
    assert alone.digest != case.digest
    loadings = [step for step in case.plan.steps if isinstance(step, Loading)]
    assert case.with_plan(steps=loadings).plan.injections == []
    with pytest.raises(InputError, match="unknown key; did you mean 'steps'"):
        case.with_plan(step=[])


def test_nested_values_are_changed_and_checked() -> None:
    case = read(EXAMPLE)
    narrow = case.changed({"site": {"gap": {"width": "2 mm"}}})
    assert narrow.site.gap.width == 2e-3
    assert narrow.site.gap.tilt == case.site.gap.tilt
    assert case.site.gap.width == 4e-3
    with pytest.raises(InputError, match=r"site\.gap\.width: write the unit"):
        case.changed({"site": {"gap": {"width": 2}}})


def test_a_document_is_frozen() -> None:
    case = read(EXAMPLE)
    with pytest.raises(ValueError, match="frozen"):
        case.site.gap.width = 1.0  # type: ignore[misc]


def test_steps_are_told_apart_by_kind() -> None:
    kinds = [type(step) for step in read(EXAMPLE).plan.steps]
    assert kinds.count(Injection) == 2
    assert kinds.count(Loading) == 3


@pytest.mark.parametrize(
    ("quality", "voxel"), [("draft", 1.5e-3), ("standard", 1e-3), ("fine", 5e-4)]
)
def test_presets_differ_by_voxel_alone(quality: Any, voxel: float) -> None:
    settings = Settings.preset(quality)
    assert settings.voxel == voxel
    assert settings.model_copy(update={"voxel": 1.0}) == Settings.preset("fine").model_copy(
        update={"voxel": 1.0}
    )
    assert set(PRESETS) == {"draft", "standard", "fine"}


def test_a_preset_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(InputError, match="no preset 'coarse'; write one of draft, standard, fine"):
        Settings.preset("coarse")  # type: ignore[arg-type]


def test_settings_are_told_in_the_plural() -> None:
    with pytest.raises(InputError, match=r"^--voxel: no valid settings\n  voxel: "):
        validate(Settings, {"voxel": "0 mm"}, "--voxel")
