"""Trials on the emulator: patients one by one and an arm at once, with the dose of the chain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stand_in import ENGINE, made
from trephine.case.case import read
from trephine.case.document import validate
from trephine.case.population import Population
from trephine.case.settings import Settings
from trephine.cli.example import file
from trephine.core.errors import InputError
from trephine.core.rng import Streams
from trephine.study import emulated as module
from trephine.study import inputs
from trephine.study.cells import Cell
from trephine.study.coordinates import NAMES
from trephine.study.courses import CALLUS
from trephine.study.dose import dose
from trephine.study.emulate import Emulator, Sampled
from trephine.study.emulated import emulated, emulated_arm, seen_at, visit_weeks
from trephine.study.gaussian_process import Smoothness
from trephine.study.patients import features
from trephine.study.teaching import Learned

VARY: dict[str, Any] = {
    "site.gap.width": {"law": "uniform", "low": "2.5 mm", "high": "6 mm"},
    "patient.age": {"law": "uniform", "low": "25 year", "high": "70 year"},
    "patient.smoker": {"law": "share", "share": 0.4},
    "site.bone": {"law": "choice", "values": ["tibia", "femur"]},
}


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    plain = Smoothness(np.full(len(NAMES), 5.0), height=2.0, slope=0.5, noise=0.2)
    return Emulator(Learned(plain, plain, plain), made("train", 96), made("fresh", 8), ENGINE)


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
    with pytest.raises(InputError, match="26 weeks, not 52"):
        emulated(cell(plan={"follow_up": {"duration": "52 wk"}}))
    drawn = cell()
    with pytest.raises(InputError, match="printed alone"):
        emulated(Cell(drawn.case, drawn.settings, 0, (1, 0)))


def test_visits_show_what_came_before_them() -> None:
    drawn = Sampled(
        np.array([5.0, 8.0, np.inf]),
        np.arange(12.0).reshape(4, 3),
        np.full((4, 3), 10.0),
    )
    visits = np.array([0.0, 4.0, 8.0, 12.0, 26.0])
    union, callus, mrust = seen_at(visits, drawn)
    assert union.tolist() == [8.0, 8.0, np.inf]
    known = CALLUS.index(12)
    assert np.allclose(callus[3], drawn.callus[known])
    assert np.allclose(callus[4], drawn.callus[-1])
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
    monkeypatch.setattr(module, "BLOCK", 16)
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


def test_a_plan_that_varies_between_patients_is_refused() -> None:
    injected = {"law": "uniform", "low": "5 mL", "high": "10 mL"}
    drawn = features(population(**{"plan.steps.3.deliver.volume": injected}), Streams(1), 10)
    with pytest.raises(InputError, match="the same for all patients"):
        emulated_arm(drawn)
