"""Trials on the emulator with numbers of the posterior: what is told, left out and refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from typer.testing import CliRunner

from made_calibration import posterior_of
from made_trial import PLAIN, WITHOUT_CELLS, made
from stand_in import quick
from trephine.case.trial import Trial
from trephine.catalogue.posterior import Posterior
from trephine.cli.main import app
from trephine.core.errors import InputError
from trephine.report.trial import ALLOWED, html, remark
from trephine.study import posterior_trial as module
from trephine.study import unknowns
from trephine.study.emulate import Emulator
from trephine.study.posterior_trial import ForetoldTrial, foretell_trial
from trephine.study.predictive import predicted
from trephine.study.trial_document import document

DRAWS = 24


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return quick()


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    """Return a posterior near the numbers as printed, fitted to the union of one series."""
    luck = np.random.default_rng(0)
    return posterior_of(0.1 * luck.standard_normal((30, len(unknowns.IDENTIFIERS))))


@pytest.fixture(autouse=True)
def _stand_in(emulator: Emulator, posterior: Posterior, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "shipped", lambda: emulator)
    monkeypatch.setattr(module, "posterior", lambda: posterior)


def plain(**changes: Any) -> dict[str, Any]:
    """Return a small trial with cells and without."""
    data: dict[str, Any] = json.loads(json.dumps(PLAIN))
    data["arms"] = [data["arms"][0] | {"n": 20}, data["arms"][1] | {"n": 10}]
    data["arms"][1]["plan"] = {"steps": WITHOUT_CELLS}
    data["endpoints"] = [data["endpoints"][0], data["endpoints"][2]]
    return data | changes


def wide(median: str) -> dict[str, Any]:
    """Return the trial with gaps of which the emulator does not know the widest."""
    data = plain()
    data["population"]["vary"]["site.gap.width"] |= {"median": median, "high": "20 mm"}
    return data


def trial(**changes: Any) -> Trial:
    return made(**plain(**changes))


def told(**changes: Any) -> ForetoldTrial:
    return foretell_trial(trial(**changes), draws=DRAWS)


def test_the_endpoints_are_those_that_the_scorecard_foretells(
    emulator: Emulator, posterior: Posterior
) -> None:
    found = told()
    assert list(found.told[""]) == predicted(trial(), DRAWS, found=posterior, emulator=emulator)
    said = document(found)
    first, apart = said["endpoints"]
    assert (first["fitted"], apart["fitted"]) == (True, False)
    assert first["observed"]["shown"] == "88.3 %"
    assert first["low"] < first["predicted"] < first["high"]
    assert said["numbers"] == "posterior"
    assert said["engine"].startswith(f"emulator {emulator.digest[:12]}, posterior ")
    assert str(emulator.error) in said["notices"][0]
    assert f"Each of {DRAWS} draws of the posterior" in said["notices"][1]
    assert "fitted" not in document(resampled(found))["endpoints"][0]


def resampled(found: ForetoldTrial) -> Any:
    """Return the same virtual patients as a trial that is told by its pools alone."""
    return module.TrialResult(found.asked, found.pools, notices=found.notices)


def test_each_draw_deals_its_patients_out_to_the_arms() -> None:
    found = told()
    sizes = {arm.name: arm.n for arm in found.asked.trial.arms}
    ours, theirs = found.trials["cells"], found.trials["none"]
    assert len(ours) == len(theirs) == DRAWS
    for one, other in zip(ours, theirs, strict=True):
        assert not set(one) & set(other)
        assert one.size <= sizes["cells"]
        assert other.size <= sizes["none"]
        assert len({*found.pool("cells").replicate[one], *found.pool("none").replicate[other]}) == 1
    assert sum(one.size for one in ours) > 0.9 * DRAWS * sizes["cells"]


def test_who_is_not_known_is_left_out_everywhere() -> None:
    found = told(**wide("8 mm"))
    cells = found.pool("cells")
    left = found.told[""][0].left_out
    assert 0.02 < left < 0.5
    assert len(cells) == len(found.pool("none")) < found.asked.patients * DRAWS
    assert not cells.failed.any()
    assert set(cells.replicate) == set(range(cells.replicate.max() + 1))
    assert any("are left out" in notice for notice in found.notices)
    assert document(found)["arms"][0]["failed"] == 0


def test_more_patients_of_each_draw_are_no_larger_trials() -> None:
    found = foretell_trial(trial(), draws=DRAWS, patients_each=90)
    assert found.told[""][0].n == (60,)
    assert len(found.pool("cells")) > 0.9 * 90 * DRAWS
    assert max(one.size for one in found.trials["cells"]) == 20


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"patients_each": 69}, "which takes 70 in all"),
        ({"draws": 19}, "ask for 20 replicates or more"),
        ({"draws": 20_000}, "more than 1,000,000"),
    ],
)
def test_what_tells_no_interval_is_refused(more: dict[str, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        foretell_trial(trial(), **more)  # type: ignore[arg-type]


def test_an_arm_of_which_less_than_half_is_known_is_refused() -> None:
    with pytest.raises(InputError, match=r"(?s)of the arm 'cells', less than half.*gap") as no:
        told(**wide("14 mm"))
    assert no.value.problems


def test_scenarios_and_designs_are_told() -> None:
    design = {"name": "union", "arms": ["cells", "none"], "outcome": "union", "n": [80]}
    scenario = {"name": "little blood", "values": {"site.biology.perfusion": 0.05}}
    found = told(designs=[design], scenarios=[scenario])
    said = document(found)
    assert said["scenarios"][0]["endpoints"][0]["predicted"] is not None
    both = said["designs"][0]["pairs"]
    assert sum(both.values()) == len(found.pool("cells"))
    assert any("fewer than a design asks for" in notice for notice in said["notices"])


def test_the_page_says_what_its_intervals_hold() -> None:
    found = told()
    page = html(document(found))
    assert "by how far a right model may lie off a series" in page
    assert f"of each of {DRAWS} draws" in page
    hidden = [replace(one, inside=True, alone=False) for one in found.told[""]]
    said = document(replace(found, told={"": hidden}))
    assert remark(said["endpoints"][0]) == ALLOWED
    assert ALLOWED in html(said)
    few = "by how few virtual patients were computed"
    assert few not in page
    assert few in html(document(resampled(found)) | {"numbers": "printed"})


def test_the_command_writes_result_and_page(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(tomli_w.dumps(plain()))
    words = ["trial", str(path), "--emulator", "--numbers", "posterior", "--quiet"]
    words += ["--out", str(tmp_path / "out"), "--replicates", str(DRAWS)]
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 0, found.output
    assert "draws of the posterior" in found.output
    said = json.loads((tmp_path / "out" / "result.json").read_text())
    assert said["replicates"] == DRAWS
    assert said["patients"] == 70
    assert (tmp_path / "out" / "trial.html").is_file()
    refused = CliRunner().invoke(app, [*words, "--numbers", "drawn"])
    assert isinstance(refused.exception, InputError)
    assert "cannot be used with --numbers drawn" in str(refused.exception)
    assert "with --numbers posterior" in str(refused.exception)
