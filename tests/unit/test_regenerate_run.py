"""A short lengthening from cut to film: budgets, length, keeping, resuming, report."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trephine import pipeline
from trephine.case.case import of_any_kind
from trephine.case.course_case import CourseCase
from trephine.case.document import validate
from trephine.case.regenerate_run import RegenerateRun
from trephine.case.settings import Settings
from trephine.cli import example
from trephine.core.errors import InputError
from trephine.core.progress import Watch
from trephine.report import regenerate as page
from trephine.store.runs import load_any

SETTINGS = validate(Settings, {"voxel": "4 mm", "margin_radial": "8 mm"}, "settings")


def short(**distraction: Any) -> CourseCase:
    """Return the example with 8 mm to gain, four weeks long, without an injection."""
    data = tomllib.loads(example.written("tibia-lengthening"))
    plan = data["plan"]
    plan["follow_up"] = {"duration": "4 wk", "interval": "1 wk"}
    plan["steps"] = [
        {"kind": "loading", "day": "0 d", "body_weights": 0.1},
        {"kind": "distraction", "day": "7 d", "length": "8 mm", "docks": True, **distraction},
    ]
    return of_any_kind(data, "short")


class Stopped(Watch):
    """Stop a run after a number of steps of its course."""

    def __init__(self, after: int) -> None:
        self.left = after

    def progress(self, stage: str, done: float, total: float, note: str = "") -> None:
        del total, note
        if stage == "heal" and done >= self.left:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "short"
    with pytest.raises(KeyboardInterrupt):
        pipeline.run(short(), settings=SETTINGS, out=path, watch=Stopped(15))
    pipeline.run(short(), settings=SETTINGS, out=path, resume=True)
    return path


@pytest.fixture(scope="module")
def run() -> RegenerateRun:
    found = pipeline.run(short(), settings=SETTINGS)
    assert isinstance(found, RegenerateRun)
    return found


def test_every_budget_closes_while_the_domain_grows(run: RegenerateRun) -> None:
    assert len(run.course.budgets) > 10
    assert max(budget.imbalance for budget in run.course.budgets) < 1e-7


def test_the_visits_see_the_bone_at_its_length(run: RegenerateRun) -> None:
    seen = run.regenerate
    assert seen.length * 1e3 == pytest.approx([1, 1, 8, 9, 9])
    assert (seen.slices - 1 + seen.share) * 4.0 == pytest.approx(seen.length * 1e3)
    assert seen.soft[2] == pytest.approx(8e-3)
    assert (seen.cortex_score[:3] == 1).all()
    assert seen.consolidated is None
    assert "had not consolidated by week 4" in run.ending
    assert run.docking is not None
    assert run.docking.length * 1e3 == pytest.approx([1, 1])
    assert run.force.day[0] == pytest.approx(7.0)


def test_a_stopped_lengthening_goes_on_to_the_same_numbers(
    run: RegenerateRun, folder: Path
) -> None:
    back = load_any(folder)
    assert isinstance(back, RegenerateRun)
    assert back.summary() == run.summary()
    for name, values in run.course.fields.items():
        np.testing.assert_array_equal(back.course.fields[name], values)
    np.testing.assert_array_equal(back.regenerate.radiograph_ap, run.regenerate.radiograph_ap)


def test_the_report_shows_length_force_films_and_docking(
    run: RegenerateRun, tmp_path: Path
) -> None:
    text = page.write(run, tmp_path).read_text(encoding="utf-8")
    for words in ("Healing index", "Force of the distraction", "Docking site", "Coronal section"):
        assert words in text
    heads, rows = page.visits(run)
    assert len(rows) == 5
    assert all(len(row) == len(heads) for row in rows)


def test_what_cannot_be_computed_is_refused_before() -> None:
    other = SETTINGS.model_copy(update={"model": "ulm"})
    with pytest.raises(InputError, match="healing model 'callus' alone"):
        pipeline.rehearse(short(), other)
    told = pipeline.rehearse(short(), SETTINGS)
    assert told["distraction"] == "day 7 to 15"
