"""Plans side by side: by name and by file, paired draws, differences, the page."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trephine.case.case import Case, need_shaft, read
from trephine.case.settings import Settings
from trephine.cli.compare_plans import show
from trephine.cli.example import file, names
from trephine.core import digest
from trephine.core.errors import InputError, SolverError
from trephine.core.progress import Watch
from trephine.report import harms, plan_rows
from trephine.report import plans_compared as page
from trephine.report.added_cells import sentences
from trephine.study import named_plans, plans_compared
from trephine.study.added_cells import added
from trephine.study.plans_compared import bands, compared, drawn_beliefs, numbers_besides

CARRIED = (
    "without-cells",
    "concentrate-with-demineralised-bone",
    "concentrate-with-allograft",
    "cultured-with-ceramic",
)
"""Plans that change the injections of a plan and so need some."""
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
    return {
        "ending": "UNITED",
        "sentence": "It ended.",
        "notes": [],
        "numbers": {"Week of union": week, "Bone (mL)": bone},
        "spans": {},
        "better": {"Week of union": ["minus", "sooner"]},
        "within": 0,
        "event": {"name": "United", "week": week, "until": 52.0, "is_wanted": True},
        "curves": [curve],
        "apart": {},
    }


DRAWS = {
    "plan": [told(10.0, 5.0), told(None, 4.0), told(12.0, 6.0), told(14.0, 8.0)],
    "graft": [told(8.0, 6.0), told(9.0, 5.5), told(11.0, 6.5), told(13.0, 8.5)],
}


def test_every_named_plan_is_valid_and_keeps_the_load(case: Case) -> None:
    found = named_plans.plans(case, sorted(named_plans.known(case)))
    assert len(found) == 1 + len(named_plans.known(case)) == 12
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
    assert row["differences"]["Bone (mL)"]["spread"][1] == pytest.approx(0.75)
    weeks = row["differences"]["Week of union"]
    assert (weeks["pairs"], weeks["spread"][1]) == (3, -1.0)
    assert row["event"]["share"] == 1.0
    assert row["event"]["difference"] == pytest.approx(0.25)
    low, high = row["event"]["interval"]
    assert low < 0.25 < high
    assert row["event"]["mean_week"] == pytest.approx(10.25)
    assert row["event"]["later"] == pytest.approx(10.25 - 22.0)


def test_unpaired_draws_would_give_another_difference() -> None:
    shuffled = {"plan": DRAWS["plan"], "graft": [DRAWS["graft"][n] for n in (3, 0, 1, 2)]}
    apart = compared(shuffled)[1]["differences"]["Bone (mL)"]["spread"]
    assert apart != pytest.approx(compared(DRAWS)[1]["differences"]["Bone (mL)"]["spread"])


def test_bands_hold_the_draws_between_their_ends() -> None:
    found = bands(DRAWS["plan"], "Bone (mL)")
    assert found is not None
    low, middle, high = found[1]
    assert np.all(low <= middle)
    assert np.all(middle <= high)
    assert middle[-1] == pytest.approx(5.5)


def test_the_page_tells_every_plan_and_difference(case: Case) -> None:
    rows = compared(DRAWS)
    facts = {"trephine": "0", "Case": case.digest}
    text = page.html(case, {"plan": case, "graft": case}, rows, DRAWS, {}, {}, facts)
    assert "graft: union at week 8" in text
    assert "4 of 4 (100\u202f%); +25 points" in text
    assert "United, of 4 draws, against" in text
    assert '<td class="apart">3 of 4 (75\u202f%)</td><td class="apart">22</td>' in text
    assert "<small>minus is better (sooner)</small>" in text
    assert "<small>plus is better (more often)</small>" in text
    assert "\u22121 (\u22121.8 to \u22121), both in 3" in text
    assert "survivor bias" in text
    assert "Mean weeks until united, 52 where never" in text
    assert "http" not in text.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("name", "plan", "kinds"),
    [
        ("hip-osteonecrosis", "without-cells", {"loading", "core_decompression"}),
        ("hip-osteonecrosis", "observation", {"loading"}),
        ("tibia-lengthening", "without-cells", {"loading", "distraction"}),
        ("tibia-fracture", "early-concentrate", {"loading", "injection"}),
        ("knee-osteoarthritis", "corticosteroid", {"corticosteroid_injection"}),
        ("rotator-cuff", "concentrate", {"injection"}),
        ("lumbar-disc", "cultured-cells", {"injection"}),
    ],
)
def test_every_kind_of_site_has_plans_by_name(name: str, plan: str, kinds: set[str]) -> None:
    found = named_plans.plans(read(file(name)), [plan])[plan]
    assert {step.kind for step in found.plan.steps} == kinds


@pytest.mark.parametrize("name", [name for name in names() if name != "femur-no-cells"])
def test_every_named_plan_of_every_example_is_a_valid_case(name: str) -> None:
    case = read(file(name))
    names = [n for n in named_plans.known(case) if case.plan.injections or n not in CARRIED]
    assert len(named_plans.plans(case, names)) == len(names) + 1


def test_another_plan_does_not_repeat_what_the_case_says_of_its_own() -> None:
    knee = read(file("knee-osteoarthritis"))
    found = named_plans.plans(knee, ["saline"])
    assert "Concentrate of 60 mL" in found["plan"].about
    assert "Concentrate of" not in found["saline"].about
    assert "'saline' instead" in found["saline"].about


def test_the_follow_up_stays_whatever_a_file_says(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "late.toml"
    path.write_text(PLAN + '[plan.follow_up]\nduration = "10 wk"\n')
    assert named_plans.plans(case, [str(path)])["late"].plan.follow_up == case.plan.follow_up


@pytest.mark.parametrize("word", ["plan", "plan={}", "../out={}", "observation={}"])
def test_a_label_neither_leaves_its_folder_nor_hides_another_plan(
    word: str, case: Case, tmp_path: Path
) -> None:
    path = tmp_path / "plated.toml"
    path.write_text(PLAN)
    with pytest.raises(InputError):
        named_plans.plans(case, ["observation", word.format(path)] if "=" in word else [word])


def test_bone_that_is_taken_and_a_nail_stand_on_the_page(case: Case) -> None:
    found = harms.beside(named_plans.plans(case, ["autograft", "exchange-nail", "observation"]))
    assert found is not None
    rows = dict(found.rows)
    _, graft, nail, none = rows["major complication where bone is taken"]
    assert graft[0].startswith("5.")
    assert nail[0] == none[0] == harms.NOT_OF_IT
    said = [sentence for name, sentence in found.gaps if name == "exchange-nail"]
    assert any("20 %" in sentence for sentence in said)
    assert not [name for name, _ in found.gaps if name == "observation"]


def test_a_marrow_rate_told_of_bone_would_be_seen(case: Case) -> None:
    """Sabotage: the graft read with the counts of marrow drawn by needle."""
    found = harms.beside(named_plans.plans(case, ["autograft"]))
    assert found is not None
    rows = dict(found.rows)
    marrow = rows["major complication of the harvest"][0]
    assert not marrow[0].startswith("5.")


def test_saline_is_not_told_to_be_harmless() -> None:
    knee = read(file("knee-osteoarthritis"))
    found = harms.beside(named_plans.plans(knee, ["saline", "observation"]))
    assert found is not None
    _, saline, nothing = dict(found.rows)["anything unwanted at all"]
    assert saline[0] == harms.UNKNOWN
    assert nothing[0] == harms.NOT_OF_IT


def test_two_draws_tell_no_interval(case: Case) -> None:
    two = {name: each[:2] for name, each in DRAWS.items()}
    row = compared(two)[1]
    assert row["event"]["interval"] is None
    assert plan_rows.happened(row).difference.endswith(plan_rows.TOO_FEW)
    assert plan_rows.waited(row).difference.endswith(plan_rows.TOO_FEW)
    assert plan_rows.cell(row, "Bone (mL)").difference == "+1.25"
    facts = {"trephine": "0", "Case": case.digest}
    text = page.html(case, {"plan": case, "graft": case}, compared(two), two, {}, {}, facts)
    assert "span of 80" not in text


def test_what_no_study_tells_is_not_called_none() -> None:
    silent = {**told(None, 5.0), "numbers": {"Bone (mL)": 5.0}}
    rows = compared({"plan": [told(None, 5.0)], "other": [silent]})
    assert plan_rows.cell(rows[0], "Week of union").value == "none"
    assert plan_rows.cell(rows[1], "Week of union").value == "not known"


def test_a_kept_draw_is_named_by_the_numbers_of_the_head_too() -> None:
    head = read(file("hip-osteonecrosis"))
    first, second = drawn_beliefs(0, 1), drawn_beliefs(0, 2)
    names_of = [digest.of_document(numbers_besides(head, one)) for one in (first, second)]
    assert names_of[0] != names_of[1]
    assert digest.of_document(numbers_besides(head, first)) == names_of[0]
    assert "head" not in numbers_besides(read(file("tibia-nonunion")), first)


def test_a_share_has_no_more_digits_than_its_draws_carry() -> None:
    assert plan_rows.told(66.8, "Replaced by then (%)") == "67"
    assert plan_rows.told(0.3, "Replaced by then (%)") == "<\u202f1"
    assert plan_rows.told(99.7, "Gain 20 or more (% of people alike)") == ">\u202f99"
    assert plan_rows.signed(-33.3, "Weakest bone (% of sound)") == "\u221233"
    assert plan_rows.signed(-0.4, "Weakest bone (% of sound)") == "0"
    assert plan_rows.told(34.66, "VAS (points of 100, low is good)") == "34.7"
    three = {name: each[:3] for name, each in DRAWS.items()}
    said = "; ".join(plan_rows.happened(compared(three)[0]))
    assert said.startswith("2 of 3 (67\u202f%); 0 points")


def fracture(*asked: str) -> dict[str, Any]:
    return dict(named_plans.plans(read(file("tibia-fracture")), list(asked)))


def test_an_early_injection_is_told_beside_the_same_fracture_without() -> None:
    cases = fracture("early-concentrate")
    one = {"plan": [told(17.0, 5.0)], "early-concentrate": [told(15.0, 6.0)]}
    (said,) = sentences(added(cases, one))
    assert said.startswith("early-concentrate differs from plan by the injected cells alone.")
    assert "united at week 15, without them at week 17: 2 weeks sooner" in said
    assert "Bone (mL): +1" in said
    late = {**one, "plan": [told(None, 5.0)]}
    assert (
        "With the cells it is united at week 15, without them not by week 52"
        in (sentences(added(cases, late))[0])
    )
    four = dict(zip(cases, DRAWS.values(), strict=True))
    (said,) = sentences(added(cases, four))
    assert "united in 4 of 4 (100\u202f%) with the cells and in 3 of 4 (75\u202f%)" in said
    assert "+25 points" in said


def test_a_plan_that_differs_by_more_is_not_taken_for_the_same_without_cells() -> None:
    """Sabotage: the counterpart bears weight on other days, so it tells more than the cells."""
    cases = fracture("early-concentrate")
    one = {name: [told(17.0, 5.0)] for name in cases}
    assert added(cases, one)[0].without == "plan"
    other = cases | {"plan": cases["plan"].with_plan(steps=[])}
    (found,) = added(other, one)
    assert found.without is None
    assert sentences([found])[0].endswith("no plan here is the same without.")


def test_the_plan_that_would_tell_of_the_cells_is_named() -> None:
    cases = dict(named_plans.plans(read(file("tibia-nonunion")), ["autograft", "concentrate"]))
    found = added(cases, {name: [told(17.0, 5.0)] for name in cases})
    assert {one.plan: one.name for one in found} == {
        "plan": "without-cells",
        "concentrate": "without-cells",
    }


def test_the_terminal_says_which_sign_is_better_and_what_more_draws_would_tell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = compared({name: each[:1] for name, each in DRAWS.items()})
    show(rows, ["The cells change nothing."], is_soft=False)
    said = capsys.readouterr().out
    assert "Week of union: minus is better (sooner)\n" in said
    assert "The cells change nothing.\n" in said
    assert said.count("--replicates") == 1
    show(rows, [], is_soft=True)
    assert "--replicates" not in capsys.readouterr().out
    show(compared(DRAWS), [], is_soft=False)
    said = capsys.readouterr().out
    assert "--replicates" not in said
    assert "United: plus is better (more often)\n" in said
    assert "the median of 4 draws" in said


def test_a_draw_that_a_plan_is_refused_in_counts_for_none(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = named_plans.plans(case, ["observation"])
    other = cases["observation"].digest

    def run(asked: Case, *, seed: int, **_: Any) -> Any:
        if seed == 1 and asked.digest == other:
            raise SolverError("the time step fell below its limit")
        return SimpleNamespace(seed=seed)

    monkeypatch.setattr(plans_compared.pipeline, "run", run)
    monkeypatch.setattr(plans_compared, "told_of", lambda run: {"seed": run.seed})
    lost: list[tuple[int, str, str]] = []
    found = plans_compared.draws(
        cases,
        Settings.preset("draft"),
        seed=0,
        replicates=3,
        out=tmp_path,
        watch=Watch(),
        finished=lambda *_: None,
        refused=lambda *told: lost.append(told),
    )
    assert [[one["seed"] for one in some] for some in found.values()] == [[0, 2], [0, 2]]
    assert lost == [(1, "observation", "the time step fell below its limit")]
