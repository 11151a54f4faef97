"""Trials on the emulator: patients one by one and an arm at once, with the dose of the chain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stand_in import quick
from trephine.case.case import read
from trephine.case.document import validate
from trephine.case.population import Population
from trephine.case.settings import Settings
from trephine.cli.example import file
from trephine.core.errors import InputError
from trephine.core.rng import Streams
from trephine.study import arm_inputs as arm_module
from trephine.study import emulated as module
from trephine.study import inputs
from trephine.study.arm_inputs import arm_inputs
from trephine.study.biology import ASSAY
from trephine.study.cells import Cell
from trephine.study.courses import CALLUS
from trephine.study.dose import dose
from trephine.study.emulate import Emulator, Sampled
from trephine.study.emulated import emulated, emulated_arm, seen_at, visit_weeks
from trephine.study.patients import features

VARY: dict[str, Any] = {
    "site.gap.width": {"law": "uniform", "low": "2.5 mm", "high": "6 mm"},
    "patient.age": {"law": "uniform", "low": "25 year", "high": "70 year"},
    "patient.smoker": {"law": "share", "share": 0.4},
    "site.bone": {"law": "choice", "values": ["tibia", "femur"]},
}


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return quick(fresh=8)


@pytest.fixture(autouse=True)
def _stand_in(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "shipped", lambda: emulator)


def population(**vary: Any) -> Population:
    base = read(str(file("tibia-nonunion"))).as_written()
    return validate(Population, {"base": base, "vary": {**VARY, **vary}}, "a population")


def cell(seed: int = 0, **changes: Any) -> Cell:
    case = read(str(file("tibia-nonunion"))).changed(changes)
    return Cell(case.as_written(), Settings.preset("draft").as_written(), seed, None)


def test_a_patient_has_the_dose_of_the_pipeline_and_an_outcome_at_every_visit() -> None:
    found = emulated(cell(seed=3))
    case = read(str(file("tibia-nonunion")))
    told = dose(case, count=1, seed=3, beliefs="printed")
    assert found.error is None
    assert len(found.week) == len(found.mrust) == len(found.callus_volume) == 27
    assert found.callus_volume[0] == 0.0
    assert found.mrust[0] == 4.0
    assert found.dose["stays"].volume == pytest.approx(float(np.squeeze(told.at("stays").volume)))
    assert emulated(cell(seed=3)) == found
    assert emulated(cell(seed=4)).dose != found.dose


def test_what_the_emulator_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match="20 mm is outside"):
        emulated(cell(site={"gap": {"width": "20 mm"}}))
    with pytest.raises(InputError, match="39 weeks, not 52"):
        emulated(cell(plan={"follow_up": {"duration": "52 wk"}}))
    drawn = cell()
    with pytest.raises(InputError, match="printed alone"):
        emulated(Cell(drawn.case, drawn.settings, 0, (1, 0)))


def test_visits_show_what_came_before_them() -> None:
    drawn = Sampled(
        np.array([5.0, 8.0, np.inf]),
        np.arange(3.0 * len(CALLUS)).reshape(-1, 3),
        np.full((len(CALLUS), 3), 10.0),
    )
    visits = np.array([0.0, 4.0, 8.0, 12.0, 26.0])
    union, callus, mrust = seen_at(visits, drawn)
    assert union.tolist() == [8.0, 8.0, np.inf]
    known = CALLUS.index(12)
    assert np.allclose(callus[3], drawn.callus[known])
    assert np.allclose(callus[4], drawn.callus[CALLUS.index(26)])
    assert np.allclose(callus[1], drawn.callus[0] * 4.0 / CALLUS[0])
    assert mrust[0].tolist() == [4.0, 4.0, 4.0]
    case = read(str(file("tibia-nonunion")))
    assert visit_weeks(case).tolist() == list(range(27))


def test_an_arm_at_once_shares_its_luck_with_another_arm() -> None:
    drawn = features(population(), Streams(1), 400)
    one, again = emulated_arm(drawn), emulated_arm(drawn)
    assert np.array_equal(one.union_week, again.union_week)
    assert one.known.all()
    bare = read(str(file("tibia-nonunion"))).plan.as_written()
    bare["steps"] = [step for step in bare["steps"] if step["kind"] != "injection"]
    without = emulated_arm(drawn, bare)
    assert without.progenitors.max() == 0.0
    assert one.progenitors.min() > 0.0
    assert without.united < one.united


def test_blocks_of_patients_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = features(population(), Streams(1), 90)
    whole = emulated_arm(drawn)
    monkeypatch.setattr(arm_module, "BLOCK", 16)
    parts = emulated_arm(drawn)
    assert np.array_equal(parts.progenitors, whole.progenitors)
    assert np.array_equal(parts.union_week, whole.union_week)
    assert np.allclose(parts.callus, whole.callus, rtol=1e-9)


def test_patients_outside_the_ranges_stay_in_the_denominator() -> None:
    wide = {"law": "uniform", "low": "2.5 mm", "high": "20 mm"}
    drawn = features(population(**{"site.gap.width": wide}), Streams(1), 400)
    found = emulated_arm(drawn)
    assert np.array_equal(found.known, drawn["site.gap.width"] <= inputs.NUMBERS[inputs.GAP].high)
    assert not found.known.all()
    assert {problem.place for problem in found.problems} == {"site.gap.width"}
    assert found.united == pytest.approx(np.isfinite(found.union_week).mean())
    assert np.isinf(found.union_week[~found.known]).all()


def test_what_is_injected_may_vary_and_nothing_else_of_a_plan() -> None:
    volume = {"law": "uniform", "low": "2 mL", "high": "4 mL"}
    drawn = features(population(**{"plan.steps.3.deliver.volume": volume}), Streams(1), 60)
    varied = arm_inputs(drawn)
    for number in (0, 59):
        plan = drawn.population.base.as_written()["plan"]
        injected = float(drawn["plan.steps.3.deliver.volume"][number])
        plan["steps"][3]["deliver"]["volume"] = f"{injected * 1e6!r} mL"
        same = arm_inputs(features(population(), Streams(1), 60), plan)
        assert varied.progenitors[number] == pytest.approx(same.progenitors[number])
        assert varied.volume[number] == pytest.approx(same.volume[number])
    day = {"law": "uniform", "low": "1 d", "high": "7 d"}
    drawn = features(population(**{"plan.steps.3.day": day}), Streams(1), 10)
    with pytest.raises(InputError, match="the same for all patients"):
        emulated_arm(drawn)


def test_biology_changes_its_columns_and_the_cells_alone() -> None:
    arm = arm_inputs(features(population(), Streams(1), 40))
    plain, known, _ = arm.courses()
    assert known.all()
    loss = np.linspace(0.03, 0.09, 40) / inputs.DAY
    biology = {"callus.progenitor_loss": loss, ASSAY: 3.4}
    values, _, _ = arm.courses(biology, cells_factor=0.5, others_factor=2.0)
    changed = {name for name in plain if not np.array_equal(plain[name], values[name])}
    assert changed == {"callus.progenitor_loss", inputs.OTHERS}  # 3.4 / 1.7 of half the cells
    assert np.array_equal(values["callus.progenitor_loss"], loss)
    assert values[inputs.OTHERS] == pytest.approx(2.0 * plain[inputs.OTHERS])
    with pytest.raises(InputError, match="no biology"):
        arm.courses({"callus.to_bone": 1.0})


def test_biology_beyond_its_prior_leaves_patients_unknown() -> None:
    arm = arm_inputs(features(population(), Streams(1), 40))
    most = inputs.NUMBERS["callus.progenitor_signal"].high
    signal = np.where(np.arange(40) < 10, 1.1, 1.0) * most
    found = emulated_arm(arm, biology={"callus.progenitor_signal": signal})
    assert found.known.tolist() == [False] * 10 + [True] * 30
    assert [problem.place for problem in found.problems] == ["callus.progenitor_signal"]


def test_the_same_injection_twice_is_two_of_half_the_dose_each() -> None:
    plan = read(str(file("tibia-nonunion"))).plan.as_written()
    one = next(step for step in plan["steps"] if step["kind"] == "injection")
    twice = plan | {"steps": [*plan["steps"], one | {"day": "42 d"}]}
    drawn = features(population(), Streams(1), 40)
    single, both = arm_inputs(drawn), arm_inputs(drawn, twice)
    assert set(both.values[inputs.AGAIN]) == {42 * inputs.DAY}
    assert set(single.values[inputs.AGAIN]) == {0.0}
    assert both.volume == pytest.approx(single.volume)
    assert both.dose["stays"]["volume"] == pytest.approx(2.0 * single.volume)
    other = one | {"day": "42 d", "deliver": one["deliver"] | {"volume": "3 mL"}}
    with pytest.raises(InputError, match="the same as the first"):
        arm_inputs(drawn, plan | {"steps": [*plan["steps"], other]})
