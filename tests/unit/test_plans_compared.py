"""Plans side by side: by name and by file, paired draws, differences, the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trephine.case.case import Case, need_shaft, read
from trephine.cli.example import file
from trephine.core.errors import InputError
from trephine.report import plans_compared as page
from trephine.study import named_plans
from trephine.study.plans_compared import bands, compared

PLAN = """[plan]
[[plan.steps]]
kind = "revision_plating"
day = "14 d"
gap_left = "2 mm"
"""


@pytest.fixture(scope="module")
def case() -> Case:
    return need_shaft(read(file("tibia-nonunion")), "a test")


def told(week: float | None, bone: float) -> dict[str, Any]:
    curve = {"name": "Bone (mL)", "week": [0.0, 1.0], "values": [0.0, bone]}
    summary = {"ending": "UNITED", "sentence": "It ended.", "union_week": week, "bone_mL": bone}
    return {"summary": summary, "curves": [curve]}


DRAWS = {
    "plan": [told(10.0, 5.0), told(None, 4.0), told(12.0, 6.0), told(14.0, 8.0)],
    "graft": [told(8.0, 6.0), told(9.0, 5.5), told(11.0, 6.5), told(13.0, 8.5)],
}


def test_every_named_plan_is_valid_and_keeps_the_load(case: Case) -> None:
    found = named_plans.plans(case, sorted(named_plans.known(case)))
    assert len(found) == 1 + len(named_plans.known(case)) == 10
    assert all(one.plan.loadings == case.plan.loadings for one in found.values())
    assert not found["observation"].plan.injections
    nail = found["exchange-nail"].plan.surgeries[0]
    assert getattr(nail, "nail_diameter", 0) == pytest.approx(11e-3)
    assert found["cultured-with-ceramic"].plan.injections[0].deliver.carrier == "ceramic"


def test_a_plan_comes_from_a_file_under_a_label(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "plated.toml"
    path.write_text(PLAN)
    found = named_plans.plans(case, [f"late={path}"])
    assert [step.day for step in found["late"].plan.surgeries] == [14 * 86400.0]
    assert found["late"].plan.loadings == case.plan.loadings


@pytest.mark.parametrize(
    ("word", "said"), [("autogaft", "did you mean 'autograft'"), ("a=b", "a TOML file")]
)
def test_an_unknown_plan_is_refused(case: Case, word: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        named_plans.plans(case, [word])


def test_differences_are_taken_draw_by_draw() -> None:
    row = compared(DRAWS)[1]
    assert row["differences"]["bone_mL"]["spread"][1] == pytest.approx(0.75)
    weeks = row["differences"]["union_week"]
    assert (weeks["pairs"], weeks["spread"][1]) == (3, -1.0)
    assert row["united"]["share"] == 1.0
    assert row["united"]["difference"] == pytest.approx(0.25)
    low, high = row["united"]["interval"]
    assert low < 0.25 < high


def test_unpaired_draws_would_give_another_difference() -> None:
    shuffled = {"plan": DRAWS["plan"], "graft": [DRAWS["graft"][n] for n in (3, 0, 1, 2)]}
    apart = compared(shuffled)[1]["differences"]["bone_mL"]["spread"]
    assert apart != pytest.approx(compared(DRAWS)[1]["differences"]["bone_mL"]["spread"])


def test_bands_hold_the_draws_between_their_ends() -> None:
    _, (low, middle, high) = bands(DRAWS["plan"], 0)
    assert np.all(low <= middle)
    assert np.all(middle <= high)
    assert middle[-1] == pytest.approx(5.5)


def test_the_page_tells_every_plan_and_difference(case: Case) -> None:
    rows = compared(DRAWS)
    facts = {"trephine": "0", "Case": case.digest}
    text = page.html(case, {"plan": case, "graft": case}, rows, DRAWS, {}, {}, facts)
    assert "graft: union at week 8" in text
    assert "+25 points" in text
    assert "http" not in text.replace("http://www.w3.org", "")
