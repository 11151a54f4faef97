"""Qualification: nothing is left out, a miss cannot be hidden, intervals hold what they say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_trial import COARSE, PLAIN, Stop, cheap, failing, made
from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.case.trial import Trial, read
from trephine.core.errors import InputError, StoreError
from trephine.report import qualify as page
from trephine.report.forest import forest, groups
from trephine.study import misses
from trephine.study.cells import Cell
from trephine.study.dose_response import correlations
from trephine.study.endpoints import WITHIN, Told, endpoints, lies_inside
from trephine.study.outcomes import PatientOutcome, Pool
from trephine.study.published import published
from trephine.study.qualified_document import document
from trephine.study.qualify import ENGINE, RISK, Qualified, affordable, qualify, trials_of
from trephine.study.scorecard import Prediction, coverage, scored
from trephine.study.trial import TrialResult, run_trial
from trephine.study.verified import verified

COLUMNS = {ENGINE: "cheap engine", RISK: "score of risk"}
EXAMPLES = Path(__file__).parents[2] / "examples" / "trials"
KEPT_ASIDE = {"value": 88, "unit": "%", "source": "made up", "role": "holdout"}


def trial(**more: Any) -> Trial:
    """Return a trial: one endpoint may be fitted, one not, one has nothing beside it."""
    union = {"arm": "cells", "outcome": "union", "measure": "share"}
    rows = [union | {"published": "all.union"}, union | {"observed": KEPT_ASIDE}, union]
    return made(**({"endpoints": rows} | more))


def ran(trials: Mapping[str, Trial], **more: Any) -> Qualified:
    given: dict[str, Any] = {"settings": COARSE, "engine": cheap, "most": 24} | more
    return qualify(trials, **given)


def told(found: Qualified) -> dict[str, Any]:
    whole = document(found, COLUMNS, {}) | {"verification": None}
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole
    return whole


def test_every_endpoint_of_every_trial_is_told_once() -> None:
    trials = {"one": trial(), "two": made()}
    rows = ran(trials).rows
    assert [row.trial for row in rows] == ["one"] * 3 + ["two"] * 3
    assert len({(row.trial, row.key) for row in rows}) == 6
    assert [row.is_fitted for row in rows[:3]] == [True, False, False]
    verdicts = [row.columns[ENGINE].verdict for row in rows[:3]]
    assert verdicts[2] == ""
    assert "" not in verdicts[:2]
    assert coverage(rows, ENGINE, is_fitted=False).of == 1, "what is told by a sign does not count"
    assert coverage(rows, ENGINE, is_fitted=True).of == 2


def test_a_column_that_leaves_an_endpoint_out_is_refused() -> None:
    result = run_trial(trial(), settings=COARSE, engine=cheap, patients_each=5)
    with pytest.raises(ValueError, match="leaves out endpoints"):
        scored("one", trial(), {ENGINE: endpoints(result)[:-1]}, {})


def test_who_fails_stays_in_the_denominator_of_the_page() -> None:
    found = ran({"one": trial()}, engine=failing)
    whole, plain = told(found), told(ran({"one": trial()}))
    arm = whole["trials"][0]["arms"][0]
    assert arm["virtual"] == 24
    assert arm["failed"] > 0
    union = whole["endpoints"][0]["columns"][ENGINE]["predicted"]
    assert union == pytest.approx(100 * arm["united"] / 24)
    assert union < plain["endpoints"][0]["columns"][ENGINE]["predicted"]
    assert "the displacement did not settle" in page.html(whole)


def never(_: Cell) -> PatientOutcome:
    raise ValueError("no")


def test_a_trial_without_any_outcome_misses_all_of_its_endpoints() -> None:
    found = ran({"good": trial(), "none": trial()}, engine=cheap)
    lost = ran({"none": trial()}, engine=never)
    assert coverage(lost.rows, ENGINE, is_fitted=False).inside == 0
    assert coverage(lost.rows, ENGINE, is_fitted=False).of == 1
    assert coverage(lost.rows, ENGINE, is_fitted=True).of == 1
    whole = told(lost)
    assert "no run of the arm 'cells' gave an outcome" in whole["trials"][0]["lacks"]
    assert [one["is_missed"] for one in whole["endpoints"]] == [True, True, False]
    assert "no value" in page.html(whole)
    assert coverage(found.rows, ENGINE, is_fitted=False).of == 2


def test_a_stopped_qualification_goes_on_to_the_same_page(tmp_path: Path) -> None:
    trials = {"one": trial(), "two": made(name="another")}
    calls: list[Cell] = []

    def counted(cell: Cell) -> PatientOutcome:
        calls.append(cell)
        return cheap(cell)

    with pytest.raises(KeyboardInterrupt):
        ran(trials, engine=counted, out=tmp_path / "q", watch=Stop(30))
    again = ran(trials, engine=counted, out=tmp_path / "q", resume=True)
    # The patients of both trials are the same, so each is treated once for both.
    assert len(calls) == 48
    whole = ran(trials, engine=counted)
    assert page.html(told(again)) == page.html(told(whole))
    with pytest.raises(InputError, match="holds a trial already"):
        ran(trials, engine=counted, out=tmp_path / "q")


def test_an_explanation_shows_and_one_of_no_miss_is_told() -> None:
    union = PLAIN["endpoints"][0] | {"published": ""}
    values = (KEPT_ASIDE | {"value": 3.0}, KEPT_ASIDE | {"value": 80.0})
    far = trial(endpoints=[union | {"observed": value} for value in values])
    why = {"one": {"cells.union": "it was made up", "cells.union#2": "it was not"}}
    found = ran({"one": far}, explained=why)
    assert [row.why for row in found.rows] == ["it was made up", "it was not"]
    assert [row.is_missed for row in found.rows] == [True, False]
    assert found.stale == ("one.cells.union#2",)
    assert "it was made up" in page.html(told(found))
    assert page.UNEXPLAINED in page.html(told(ran({"one": far})))
    with pytest.raises(InputError, match=r"one\.cells\.onion: no trial has this endpoint"):
        ran({"one": far}, explained={"one": {"cells.onion": "a word"}})


def test_what_was_kept_aside_cannot_have_been_fitted() -> None:
    result = run_trial(trial(), settings=COARSE, engine=cheap, patients_each=5)
    said = endpoints(result)[1]
    assert Prediction.of(said, said.published).verdict in {"inside", "outside"}
    object.__setattr__(said, "fitted", True)
    with pytest.raises(ValueError, match="was fitted to what may not be fitted"):
        Prediction.of(said, said.published)


def against_dose(**observed: Any) -> dict[str, Any]:
    looked = {"arm": "cells", "outcome": "time to union", "of": "united", "time": "26 wk"}
    seen = KEPT_ASIDE | {"unit": ""} | observed
    return looked | {"measure": "correlation", "dose": "progenitors", "observed": seen}


def test_a_sign_that_chance_gives_too_is_no_coverage() -> None:
    """Both signs lie inside for luck alone, so neither may speak for the intervals."""
    looked = [against_dose(value=sign) for sign in ("positive", "negative")]
    found = ran({"one": trial(endpoints=[*looked, against_dose(value=-0.2)])})
    luck = np.random.default_rng(0).uniform(-1.0, 1.0, 500)
    said = [row.published for row in found.rows[:2] if row.published is not None]
    wide = Told(found.rows[0].endpoint, said[0], 26.0, (40,), "", 0.0, -0.9, 0.9, None, 1.0)
    assert [lies_inside(one, wide, luck) for one in said] == [True, True]
    assert coverage(found.rows, ENGINE, is_fitted=False).of == 1
    assert all(row.columns[ENGINE].verdict != "" for row in found.rows), "they are still told"


def test_a_statement_on_the_dose_has_the_interval_of_its_endpoint() -> None:
    result = run_trial(
        trial(endpoints=[against_dose(value="negative")]),
        settings=COARSE, engine=cheap, patients_each=30,
    )  # fmt: skip
    (one,) = endpoints(result)
    trials = correlations(result, one.endpoint, one, 0)
    ends = np.quantile(trials[np.isfinite(trials)], WITHIN)
    assert ends.tolist() == [one.low, one.high]


def test_what_is_refused_is_listed_and_counts_for_nothing() -> None:
    def refusing(asked: Trial) -> list[Told]:
        few = run_trial(asked, settings=COARSE, engine=cheap, patients_each=5)
        nothing: Any = dict.fromkeys(("predicted", "low", "high", "inside"))
        said = [replace(one, **nothing) for one in endpoints(few)]
        for one in said:
            object.__setattr__(one, "reason", "the emulator does not know it")
        return said

    found = ran({"one": trial()}, others={"posterior": refusing})
    assert coverage(found.rows, "posterior", is_fitted=True).of == 0
    whole = document(found, COLUMNS | {"posterior": "emulator"}, {}) | {"verification": None}
    assert "the emulator does not know it" in page.html(whole)
    absent = ran({"one": trial()}, others={"posterior": lambda _: "there is no posterior"})
    assert absent.absent == {"posterior": "there is no posterior"}
    assert all(set(row.columns) == {ENGINE} for row in absent.rows)


Evaluator = Callable[[TrialResult], list[Told]]


def narrowed(result: TrialResult) -> list[Told]:
    """Tell intervals half as wide."""
    return [_scaled(one, 0.5) for one in endpoints(result)]


def widened(result: TrialResult) -> list[Told]:
    """Tell intervals three times as wide, which miss nothing."""
    return [_scaled(one, 3.0) for one in endpoints(result)]


def dropping(result: TrialResult) -> list[Told]:
    """Leave out who has no outcome, as if they had never been there."""
    pool = result.pool("cells")
    own = part(pool, np.flatnonzero(~pool.failed))
    return endpoints(replace(result, pools={("", "cells"): own}))


def _scaled(one: Told, factor: float) -> Told:
    assert one.low is not None
    assert one.high is not None
    assert one.published is not None
    middle, half = (one.high + one.low) / 2, factor * (one.high - one.low) / 2
    is_inside = middle - half <= one.published.low <= middle + half
    return replace(one, low=middle - half, high=middle + half, inside=is_inside)


SERIES = 40
"""Patients of a made-up series."""


@pytest.fixture(scope="module")
def many() -> TrialResult:
    """Return many patients of whom a quarter fail, which a series counts as not united."""
    union = PLAIN["endpoints"][0] | {"published": ""}
    one = made(arms=[PLAIN["arms"][0] | {"n": SERIES}], endpoints=[union])
    return run_trial(one, settings=COARSE, engine=failing, patients_each=400)


def covered(many: TrialResult, evaluate: Evaluator) -> float:
    """Return the coverage over series whose published share the model itself drew."""
    pool = many.pool("cells")
    share = float(np.isfinite(pool.seen_week).mean())
    rng, rows = np.random.default_rng(3), []
    for number in range(120):
        printed = {"value": 100 * rng.binomial(SERIES, share) / SERIES, "unit": "%"}
        union = PLAIN["endpoints"][0] | {"published": "", "observed": printed | {"source": "us"}}
        asked = made(arms=[PLAIN["arms"][0] | {"n": SERIES}], endpoints=[union])
        some = {("", "cells"): part(pool, rng.permutation(len(pool))[:60])}
        luck = replace(many.asked, trial=asked, seed=number)
        said = evaluate(replace(many, asked=luck, pools=some))
        rows += scored(str(number), asked, {ENGINE: said}, {})
    told = coverage(rows, ENGINE, is_fitted=False)
    assert told.of == 120
    return told.inside / told.of


def part(pool: Pool, who: np.ndarray[Any, Any]) -> Pool:
    """Return some of the patients of a pool."""
    names = ("union_week", "seen_week", "last_week", "lost_at", "missed", "failed", "replicate")
    own = {name: getattr(pool, name)[who] for name in names}
    return replace(pool, **own, series={k: v[who] for k, v in pool.series.items()}, dose={})


def test_nine_of_ten_published_values_lie_inside_if_the_model_is_right(many: TrialResult) -> None:
    assert 0.85 <= covered(many, endpoints) <= 0.985


@pytest.mark.parametrize("sabotage", [narrowed, widened, dropping])
def test_the_check_rejects_an_evaluator_that_hides(sabotage: Evaluator, many: TrialResult) -> None:
    assert not 0.85 <= covered(many, sabotage) <= 0.985


def test_the_scores_of_risk_are_qualified_without_the_engine(tmp_path: Path) -> None:
    for name in ("bhandari-2003-baseline", "nurd-baseline"):
        (tmp_path / f"{name}.toml").write_text((EXAMPLES / f"{name}.toml").read_text())
    (tmp_path / "cases").symlink_to(EXAMPLES / "cases")
    found = qualify(trials_of(tmp_path), engine=never, most=200)
    assert [row.is_fitted for row in found.rows] == [True, False]
    assert [set(row.columns) for row in found.rows] == [{RISK}, {RISK}]
    assert sum(coverage(found.rows, ENGINE, is_fitted=kind).of for kind in (False, True)) == 0
    assert coverage(found.rows, RISK, is_fitted=False).of == 1
    whole = told(found)
    assert whole == told(qualify(trials_of(tmp_path), engine=never, most=200))
    text = page.html(whole)
    assert text.count("<svg") == 1
    assert "http://" not in text.replace("http://www.w3.org", "")
    with pytest.raises(InputError, match="holds no trial file"):
        trials_of(EXAMPLES.parent)


def test_the_picture_has_every_published_value_and_a_unit_on_each_axis() -> None:
    whole = told(ran({"one": trial(), "two": made()}))
    svg = forest(whole)
    beside = groups(whole["endpoints"])
    assert sum(map(len, beside.values())) == 4
    for title, unit in beside:
        assert f"{title.lower()} [{unit or '-'}]" in svg


def test_results_of_a_test_run_are_counted(tmp_path: Path) -> None:
    (tmp_path / "r.xml").write_text(
        '<testsuites><testsuite><testcase classname="tests.verification.test_transport" name="a"/>'
        '<testcase classname="tests.verification.test_transport" name="test_it_rejects_b">'
        '<failure/></testcase><testcase classname="t.test_x_y" name="c"><skipped/></testcase>'
        "</testsuite></testsuites>"
    )
    told_ = verified(tmp_path / "r.xml")
    assert (told_["passed"], told_["failed"], told_["skipped"], told_["twins"]) == (1, 1, 1, 1)
    assert told_["failed_tests"] == ["transport: test_it_rejects_b"]
    assert [one["kind"] for one in told_["files"]] == ["transport", "x y"]
    (tmp_path / "bad.xml").write_text("<testsuites>")
    with pytest.raises(StoreError, match="tells no results"):
        verified(tmp_path / "bad.xml")


def test_explanations_are_read_and_bad_ones_refused(tmp_path: Path) -> None:
    file = tmp_path / "misses.toml"
    file.write_text('[why.one]\n"all.union" = "because the patients were others"\n')
    assert misses.read(file) == {"one": {"all.union": "because the patients were others"}}
    file.write_text('[why.one]\n"all.union" = "no"\n')
    with pytest.raises(InputError, match=r"why\.one\.all\.union"):
        misses.read(file)


def test_the_examples_are_what_is_qualified() -> None:
    trials = trials_of(EXAMPLES)
    rows = [row for stem, one in trials.items() for row in scored(stem, one, {ENGINE: None}, {})]
    assert len(rows) == sum(len(one.endpoints) for one in trials.values())
    assert sum(not row.is_fitted for row in rows) >= 6
    assert all(published(read(EXAMPLES / f"{row.trial}.toml"), row.endpoint) for row in rows)


@pytest.mark.parametrize(("gap", "expected"), [("2 mm", 8), ("0.95 mm", 5)])
def test_fine_gaps_get_fewer_patients(gap: str, expected: int) -> None:
    asked = trial()
    document = asked.as_written()
    document["population"]["vary"].pop("site.gap.width", None)
    document["population"]["base"]["site"]["gap"]["width"] = gap
    coarse = Settings.model_validate({"voxel": "1.5 mm"})
    narrow = validate(Trial, document, "a trial")
    assert affordable(narrow, coarse, 0, 8) == expected
