"""Trials on the emulator: pools of all arms at once, what is refused, what a reader is told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from typer.testing import CliRunner

from made_trial import PLAIN, WITHOUT_CELLS, made
from stand_in import quick
from trephine.case.trial import Trial
from trephine.cli.main import app
from trephine.core.errors import InputError
from trephine.report.trial import per_cent_of
from trephine.study import emulated_trial as module
from trephine.study.emulate import Emulator
from trephine.study.emulated_trial import emulate_trial
from trephine.study.trial_document import document


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return quick()


@pytest.fixture(autouse=True)
def _stand_in(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "shipped", lambda: emulator)


def plain(**changes: Any) -> dict[str, Any]:
    """Return a small trial with cells and without."""
    data: dict[str, Any] = json.loads(json.dumps(PLAIN))
    data["arms"][1]["plan"] = {"steps": WITHOUT_CELLS}
    data["endpoints"] = data["endpoints"][:1]
    return data | changes


def trial(**changes: Any) -> Trial:
    return made(**plain(**changes))


def test_all_arms_share_their_patients_and_a_reader_is_told_of_the_error(
    emulator: Emulator,
) -> None:
    result = emulate_trial(trial(), seed=2, patients_each=300)
    cells, none = (result.pool(name) for name in ("cells", "none"))
    assert len(cells) == len(none) == 300
    assert cells.week.tolist() == list(range(27))
    assert cells.failed.mean() < 0.02
    assert cells.dose["stays"]["progenitors"].min() > 0
    assert not none.dose
    assert np.isfinite(cells.seen_week).mean() > np.isfinite(none.seen_week).mean()
    assert np.isnan(cells.series["stiffness"]).all()
    assert str(emulator.error) in result.notices[0]
    again = emulate_trial(trial(), seed=2, patients_each=300)
    assert np.array_equal(again.pool("cells").seen_week, cells.seen_week)
    other = emulate_trial(trial(), seed=3, patients_each=300)
    assert not np.array_equal(other.pool("cells").seen_week, cells.seen_week)
    told = document(result)
    assert told["engine"] == f"emulator {emulator.digest[:12]}"
    assert told["arms"][0]["united"] == int(np.isfinite(cells.seen_week).sum())


def test_blocks_of_visits_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = emulate_trial(trial(), patients_each=70).pool("cells")
    monkeypatch.setattr(module, "BLOCK", 16)
    parts = emulate_trial(trial(), patients_each=70).pool("cells")
    assert np.array_equal(parts.series["mrust"], whole.series["mrust"])
    assert np.array_equal(parts.union_week, whole.union_week)


def test_who_lies_outside_has_no_outcome_and_stays_in_the_denominator() -> None:
    wide = plain()
    wide["population"]["vary"]["site.gap.width"] |= {"median": "10 mm", "high": "20 mm"}
    result = emulate_trial(trial(**wide), patients_each=200)
    pool = result.pool("cells")
    assert 0 < pool.failed.sum() < 200
    assert not np.isfinite(pool.seen_week[pool.failed]).any()
    assert any("stay in every denominator" in notice for notice in result.notices)
    assert document(result)["arms"][0]["virtual"] == 200


def test_an_arm_that_the_emulator_does_not_know_is_refused_with_its_place() -> None:
    long = {"follow_up": {"duration": "52 wk"}}
    arms = plain()["arms"]
    arms[0]["plan"] = long
    arms[1]["plan"] |= long
    with pytest.raises(InputError, match=r"arms.0.plan.follow_up.duration.*39 weeks, not 52") as no:
        emulate_trial(trial(arms=arms))
    assert len(no.value.problems) == 2
    far = plain()
    far["population"]["vary"]["site.gap.width"] |= {
        "low": "13 mm",
        "median": "14 mm",
        "high": "20 mm",
    }
    with pytest.raises(InputError, match="no patient of the arm 'cells'"):
        emulate_trial(trial(**far), patients_each=20)


@pytest.mark.parametrize(
    ("events", "people", "said"),
    [
        (37, 60, "62"),
        (30, 60, "50"),
        (0, 60, "0"),
        (60, 60, "100"),
        (1, 400, "<\u202f1"),
        (399, 400, ">\u202f99"),
        (617, 999, "62"),
        (617, 1000, "61.7"),
        (616_543, 1_000_000, "61.7"),
    ],
)
def test_a_share_of_few_is_told_in_whole_per_cent(events: int, people: int, said: str) -> None:
    assert per_cent_of(events, people) == said


def test_the_command_writes_result_and_page(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(tomli_w.dumps(plain()))
    words = ["trial", str(path), "--emulator", "--out", str(tmp_path / "out"), "--quiet"]
    found = CliRunner().invoke(app, [*words, "--patients", "100"])
    assert found.exit_code == 0, found.output
    assert "An emulator stood in" in found.output
    assert re.search(r"cells: \d+\s% of 100 virtual patients united", found.output)
    told = json.loads((tmp_path / "out" / "result.json").read_text())
    assert told["arms"][0]["virtual"] == 100
    assert (tmp_path / "out" / "trial.html").is_file()
    refused = CliRunner().invoke(app, [*words, "--workers", "2", "--numbers", "drawn"])
    assert isinstance(refused.exception, InputError)
    assert "--workers and --numbers" in str(refused.exception)
