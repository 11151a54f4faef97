"""Whole courses with operations: one patient under every comparator, and a run that was stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trephine import pipeline
from trephine.case.case import Case, need_shaft, read
from trephine.case.course_case import CourseCase
from trephine.case.run import Run
from trephine.case.settings import Settings
from trephine.cli.example import file
from trephine.core.progress import Watch
from trephine.models.aspiration import draw_donor
from trephine.models.beliefs import Beliefs
from trephine.pipeline.operating import operations, packed
from trephine.stages.heal import course
from trephine.stages.heal.operating import operated_on
from trephine.study import named_plans

SETTINGS = Settings.model_validate(
    {"voxel": "3 mm", "margin_axial": "9 mm", "margin_radial": "6 mm", "examination": "91 d"}
)
BELIEFS = Beliefs.printed()
PLANS = ("observation", "exchange-nail", "plate", "autograft")
TREATED = 1
"""Visit of the treatment, a week after day 0."""


def patient(weeks: int) -> Case:
    """Return a non-union of 6 mm, injected on day 7 and followed for some weeks."""
    case = need_shaft(read(file("tibia-nonunion")), "a test")
    case = case.changed({"site": {"gap": {"width": "6 mm", "tilt": "0 deg"}}})
    loads = [one.as_written() for one in case.plan.loadings if one.day == 0]
    (injected,) = (one.as_written() for one in case.plan.injections)
    return case.with_plan(
        steps=[*loads, {**injected, "day": "7 d"}],
        follow_up={"duration": f"{weeks} wk", "interval": "1 wk"},
    )


def ran(case: CourseCase) -> Run:
    assert isinstance(case, Case)
    found = pipeline.run(case, settings=SETTINGS)
    assert isinstance(found, Run)
    return found


def in_gap(run: Run, field: str, visit: int) -> float:
    """Return how much of something the gap of day 0 holds at a visit."""
    gap = np.asarray(run.anatomy.gap)
    return float((np.asarray(run.course.fields[field][visit]) * gap).sum() / gap.sum())


def unopened(state: object, *_: object) -> object:
    """Sabotage: an operation that leaves the tissue as it was."""
    return state


@pytest.fixture(scope="module")
def treated() -> dict[str, Run]:
    cases = named_plans.plans(patient(2), list(PLANS))
    return {name: ran(case) for name, case in cases.items()}


def test_every_plan_meets_the_same_patient(treated: dict[str, Run]) -> None:
    first, *others = treated.values()
    for name, values in first.course.fields.items():
        for other in others:
            np.testing.assert_array_equal(other.course.fields[name][0], values[0])
    assert len({run.case.patient for run in treated.values()}) == 1
    # Sabotage: a patient who smokes no more is another patient.
    assert patient(2).changed({"patient": {"smoker": False}}).patient != first.case.patient


def test_each_operation_does_what_it_is_named_for(treated: dict[str, Run]) -> None:
    fibrous, clot, chips, brought = (
        {name: in_gap(run, field, TREATED) for name, run in treated.items()}
        for field in ("fibrous", "clot", "allograft", "progenitor_injected")
    )
    assert fibrous["observation"] > 0.5
    assert fibrous["plate"] < 0.1 < fibrous["exchange-nail"] < 0.4
    assert clot["plate"] > 2.0 * clot["exchange-nail"] > clot["observation"] == 0.0
    assert chips["autograft"] == pytest.approx(BELIEFS.deliver.solid["allograft"], abs=0.01)
    assert chips["autograft"] > chips["exchange-nail"] > 0.0
    assert chips["observation"] == chips["plate"] == chips["plan"] == 0.0
    assert brought["plan"] > brought["autograft"] > brought["exchange-nail"] > 0.0
    assert brought["observation"] == brought["plate"] == 0.0


def test_an_operation_that_opens_nothing_is_seen(
    treated: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(course, "operated_on", unopened)
    broken = ran(treated["plate"].case)
    assert in_gap(broken, "fibrous", TREATED) > 0.4


def breeding(state: Any, *about: Any) -> dict[str, Any]:
    """Sabotage: an operation that makes progenitors."""
    new = operated_on(state, *about)
    return new | {"progenitor_host": new["progenitor_host"] * 1.01}


def test_the_largest_imbalance_sees_an_operation_that_makes_cells(
    treated: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, run in treated.items():
        assert run.summary()["largest_imbalance"] < 1e-6, name
    told = {budget.quantity for budget in treated["autograft"].budgets}
    assert {"chips of day 7: volume", "chips of day 7: progenitors"} <= told
    monkeypatch.setattr(course, "operated_on", breeding)
    assert ran(treated["plate"].case).summary()["largest_imbalance"] > 1e-4


def test_the_graft_follows_the_luck_of_the_aspirate() -> None:
    case = named_plans.plans(patient(2), ["autograft"])["autograft"]
    assert isinstance(case, Case)
    site = pipeline.shaft.place(case.site, SETTINGS)
    done = operations(case, BELIEFS, SETTINGS, site)
    grafts, donors = [], []
    for seed in (0, 1):
        (graft,) = packed(case, BELIEFS, done, seed)
        grafts.append(graft.progenitors.sum())
        luck = draw_donor(BELIEFS.harvest, pipeline.shaft.Streams(seed).named("donor"))
        donors.append(np.exp(luck.ln_nucleated + luck.ln_progenitors))
    assert grafts[1] / grafts[0] == pytest.approx(donors[1] / donors[0], rel=1e-9)
    # Sabotage: one luck for all would leave the grafts alike.
    assert grafts[1] != pytest.approx(grafts[0], rel=0.01)


class Stopped(Watch):
    """Stop a run some days after an operation, as a power cut would."""

    def progress(self, stage: str, done: float, total: float, note: str = "") -> None:
        del total, note
        if stage == "heal" and done >= 17:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def operated() -> Case:
    """Return a non-union that is plated and pressed together on day 10."""
    case = patient(3)
    loads = [one.as_written() for one in case.plan.loadings]
    plated = {"kind": "revision_plating", "day": "10 d", "gap_left": "3 mm", "earlier": "stays"}
    grafted = {"kind": "autograft", "day": "10 d", "volume": "5 mL"}
    return case.with_plan(steps=[*loads, plated, grafted])


@pytest.fixture(scope="module")
def whole(operated: Case) -> Run:
    return ran(operated)


def resumed(case: Case, folder: Path) -> Run:
    """Return a run that was stopped after the operation and went on."""
    with pytest.raises(KeyboardInterrupt):
        pipeline.run(case, settings=SETTINGS, out=folder, watch=Stopped())
    found = pipeline.run(case, settings=SETTINGS, out=folder, resume=True)
    assert isinstance(found, Run)
    return found


def test_a_run_stopped_after_an_operation_ends_with_the_same_numbers(
    operated: Case, whole: Run, tmp_path: Path
) -> None:
    back = resumed(operated, tmp_path / "run")
    assert back.summary() == whole.summary()
    for name, values in whole.course.fields.items():
        np.testing.assert_array_equal(back.course.fields[name], values, err_msg=name)
    np.testing.assert_array_equal(back.course.stiffness, whole.course.stiffness)
    np.testing.assert_array_equal(back.follow_up.radiograph_ap, whole.follow_up.radiograph_ap)


def test_a_run_that_forgets_its_operation_is_seen(
    operated: Case, whole: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        pipeline.run(operated, settings=SETTINGS, out=tmp_path / "run", watch=Stopped())
    monkeypatch.setattr(course.Course, "_become", lambda *_: None)
    back = pipeline.run(operated, settings=SETTINGS, out=tmp_path / "run", resume=True)
    assert isinstance(back, Run)
    assert np.abs(back.course.movement[-1] / whole.course.movement[-1] - 1.0) > 0.05
