"""Virtual trials with a cheap engine: cells, luck, shards, loss, endpoints and designs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w

from made_trial import PLAIN, Stop, cheap, failing, made, ran
from trephine.case.trial import read
from trephine.core.errors import InputError, TrephineError
from trephine.report import trial as page
from trephine.study.cells import Cell
from trephine.study.cluster import Deal, spread
from trephine.study.endpoints import endpoints
from trephine.study.outcomes import PatientOutcome, Pool
from trephine.study.power import designs
from trephine.study.published import problems
from trephine.study.sampling import values
from trephine.study.trial import TrialResult, run_trial
from trephine.study.trial_document import document

Change = Callable[[dict[str, Any]], None]


def weeks(result: TrialResult, arm: str = "cells") -> list[float]:
    return list(result.pool(arm).union_week)


def test_arms_share_patients_and_luck() -> None:
    seen: dict[str, list[Cell]] = {}

    def noted(cell: Cell) -> PatientOutcome:
        seen.setdefault(str(cell.case["plan"]["steps"])[:3], []).append(cell)
        return cheap(cell)

    ran(made(), engine=noted, patients_each=4)
    ours, theirs = seen.values()

    def key(cell: Cell) -> tuple[int, str]:
        return cell.seed, str(cell.case["site"])

    assert sorted(map(key, ours)) == sorted(map(key, theirs))
    assert len({cell.seed for cell in ours}) == 4


def test_a_patient_is_the_same_whoever_else_is_there() -> None:
    assert weeks(ran(made()))[:10] == weeks(ran(made(), patients_each=10))
    assert weeks(ran(made())) != weeks(ran(made(), seed=1))


def test_each_seat_meets_few_kinds() -> None:
    kinds = ["a"] * 6 + ["b"] * 5 + ["c"]
    deal = Deal(kinds)
    met: dict[int, list[str]] = {0: [], 1: []}
    told = []
    for turn in range(12):
        number = deal.next(turn % 2)
        assert number is not None
        told.append(number)
        met[turn % 2].append(kinds[number])
    assert sorted(told) == list(range(12))
    assert met[0] == ["a"] * 6
    assert met[1] == ["b"] * 5 + ["c"]
    assert deal.next(0) is None


def test_every_piece_is_told_once_with_its_number() -> None:
    found: dict[int, int] = {}
    spread(abs, [-1, -2, -3], [0, 1, 0], found.__setitem__)
    assert found == {0: 1, 1: 2, 2: 3}


def test_a_stopped_trial_goes_on_and_computes_nothing_twice(tmp_path: Path) -> None:
    calls = []

    def counted(cell: Cell) -> PatientOutcome:
        calls.append(cell)
        return cheap(cell)

    whole = document(ran(made()))
    with pytest.raises(KeyboardInterrupt):
        ran(made(), engine=counted, out=tmp_path / "t", watch=Stop(7))
    assert len(list((tmp_path / "t" / "cells").glob("*.json"))) == 7
    with pytest.raises(InputError, match="holds a trial already; go on with --resume"):
        ran(made(), engine=counted, out=tmp_path / "t")
    with pytest.raises(InputError, match="holds a trial of another"):
        ran(made(), engine=counted, out=tmp_path / "t", seed=3, resume=True)
    again = document(ran(made(), engine=counted, out=tmp_path / "t", resume=True))
    assert len(calls) == 48
    del again["digest"], whole["digest"], again["engine"], whole["engine"]
    assert again == whole


def test_shards_compute_their_own_and_the_last_tells_all(tmp_path: Path) -> None:
    parts = [ran(made(), out=tmp_path / "t", shard=(number, 3)) for number in (1, 2, 3)]
    assert [part.missing > 0 for part in parts] == [True, True, False]
    assert parts[0].missing + 0 > parts[1].missing
    assert document(parts[2]) == document(ran(made()))


def test_who_fails_stays_counted_with_the_error(tmp_path: Path) -> None:
    result = ran(made(), engine=failing, out=tmp_path / "t")
    pool = result.pool("cells")
    assert 0 < pool.failed.sum() < 24
    error = next(one.error for one in result.outcomes[("", "cells")] if one.error)
    assert error.startswith("the displacement did not settle")
    union = endpoints(result)[0]
    assert union.predicted == pytest.approx(100 * np.isfinite(pool.union_week).sum() / 24)
    assert "runs gave no outcome" in result.notices[0]
    told = document(result)
    assert "the displacement did not settle" in page.html(told)
    kept = ran(made(), engine=failing, out=tmp_path / "t", resume=True)
    assert document(kept) == told


def test_what_may_have_been_the_machine_is_tried_again(tmp_path: Path) -> None:
    first = ran(made(), engine=sometimes_out_of_memory(), out=tmp_path / "t")
    assert first.pool("cells").failed.sum() == 1
    assert len(list((tmp_path / "t" / "cells").glob("*.json"))) == 47


def sometimes_out_of_memory() -> Callable[[Cell], PatientOutcome]:
    left = [1]

    def cheap_(cell: Cell) -> PatientOutcome:
        if left and cell.case["plan"]["steps"]:
            left.clear()
            raise MemoryError
        return cheap(cell)

    return cheap_


def test_a_trial_without_any_outcome_is_an_error() -> None:
    def never(_: Cell) -> PatientOutcome:
        raise ValueError("no")

    with pytest.raises(TrephineError, match="no run of the arm 'cells' gave an outcome"):
        ran(made(), engine=never)


def pool_of(**more: Any) -> Pool:
    given: dict[str, Any] = {
        "week": np.arange(5.0),
        "union_week": np.array([2.0, 2.0, 2.0, np.inf]),
        "series": {"callus_volume": np.tile(np.arange(5.0), (4, 1))},
        "dose": {},
        "lost_at": np.array([np.inf, np.inf, 1.5, 3.5]),
        "missed": np.zeros((4, 5), bool),
    } | more
    return Pool.seen(**given)


def test_union_is_seen_at_the_first_visit_that_is_kept() -> None:
    missed = np.zeros((4, 5), bool)
    missed[1, 2] = True
    pool = pool_of(missed=missed)
    assert list(pool.seen_week) == [2.0, 3.0, np.inf, np.inf]
    assert list(pool.last_week) == [4.0, 4.0, 1.0, 3.0]
    union = made().endpoints[0]
    assert list(values(pool, union, 2.0)) == [1.0, 0.0, 0.0, 0.0]
    assert list(values(pool, union, 4.0)) == [1.0, 1.0, 0.0, 0.0]
    callus = pool.at("callus_volume", 2.0)
    assert list(callus[:2]) == [2.0, 1.0]
    assert np.isnan(callus[2])


def test_loss_to_follow_up_lowers_the_share_seen_to_unite() -> None:
    plain = ran(made(), patients_each=60)
    lossy = made(population={**PLAIN["population"], "lost_per_year": 0.9})
    lost = ran(lossy, patients_each=60)
    assert weeks(plain) == weeks(lost)
    shares = [np.isfinite(r.pool("cells").seen_week).mean() for r in (plain, lost)]
    assert shares[1] < shares[0] - 0.1


def test_endpoints_stand_beside_the_catalogue() -> None:
    union, correlation, difference = endpoints(ran(made(), patients_each=60))
    assert union.published is not None
    assert union.published.low == pytest.approx(100 * 53 / 60)
    assert union.n == (60,)
    assert union.low is not None
    assert union.predicted is not None
    assert union.high is not None
    assert union.low < union.predicted < union.high
    assert correlation.endpoint.of == "united"
    assert correlation.inside is True
    assert correlation.predicted is not None
    assert correlation.predicted > 0.5
    assert difference.unit == "%"
    assert difference.published is None
    assert difference.inside is None


def test_a_sign_that_was_published_the_other_way_lies_outside() -> None:
    wrong = {"value": "negative", "source": "made up"}
    entry = PLAIN["endpoints"][1] | {"observed": wrong, "published": ""}
    told = endpoints(ran(made(endpoints=[entry]), patients_each=60))
    assert told[0].inside is False


def test_a_larger_trial_has_a_narrower_interval() -> None:
    def width(n: int) -> float:
        arms = [PLAIN["arms"][0] | {"n": n}, PLAIN["arms"][1]]
        entry = PLAIN["endpoints"][0] | {"published": ""}
        (told,) = endpoints(ran(made(arms=arms, endpoints=[entry]), patients_each=200))
        assert told.low is not None
        assert told.high is not None
        return told.high - told.low

    assert width(20) > 1.5 * width(150)


def test_drawn_numbers_change_with_the_replicate() -> None:
    seen = set()

    def noted(cell: Cell) -> PatientOutcome:
        seen.add(cell.numbers)
        return cheap(cell)

    result = ran(made(), engine=noted, patients_each=5, replicates=3, numbers="drawn", seed=4)
    assert seen == {("drawn", 4, 0), ("drawn", 4, 1), ("drawn", 4, 2)}
    assert list(result.pool("cells").replicate) == [0] * 5 + [1] * 5 + [2] * 5
    assert weeks(result)[:5] != weeks(result)[5:10]


DESIGNS = [
    {"name": "share", "arms": ["cells", "none"], "n": [10, 40]},
    {"name": "curve", "arms": ["cells", "none"], "n": [10, 40], "test": "curve"},
    {
        "name": "callus",
        "arms": ["cells", "none"],
        "n": [10, 40],
        "outcome": "callus volume",
        "measure": "level",
        "test": "level",
    },
]


def test_designs_find_more_with_more_patients_and_seldom_nothing() -> None:
    poor = {"name": "poor", "values": {"site.biology.perfusion": 0.05}}
    result = ran(made(designs=DESIGNS, scenarios=[poor]), patients_each=80)
    told = designs(result)
    assert [(one.design.name, one.scenario) for one in told] == [
        (name, scenario) for name in ("share", "curve", "callus") for scenario in ("", "poor")
    ]
    for one in told[::2]:
        small, large = one.powers
        assert large.power > small.power
        assert large.power > 0.9
        assert large.false < 0.08
        assert one.needed is not None
        assert one.needed <= 40
        assert sum(one.pairs) == 80
    difference = told[0].difference
    assert difference is not None
    assert difference[0] == pytest.approx((told[0].pairs[1] - told[0].pairs[2]) / 80)
    assert difference[1] < difference[0] < difference[2]


def test_two_arms_alike_give_no_power() -> None:
    arms = [PLAIN["arms"][0], PLAIN["arms"][0] | {"name": "none"}]
    (told, *_) = designs(ran(made(arms=arms, designs=DESIGNS[:1]), patients_each=60))
    assert told.powers[1].power < 0.08
    assert told.needed is None
    assert told.difference == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: d["arms"][0].update(m=3), "arms.0.m: unknown key; known: about, n"),
        (lambda d: d["endpoints"][0].update(arm="cell"), "did you mean 'cells'"),
        (lambda d: d["endpoints"][0].update(measure="level"), "write measure = 'share'"),
        (lambda d: d["endpoints"][0].update(time=4), "write the unit"),
        (lambda d: d["endpoints"][2].pop("against"), "against = 'another arm' goes with"),
        (lambda d: d["arms"][1].update(name="cells"), "'cells' is taken"),
    ],
)
def test_bad_input_is_one_clear_message(tmp_path: Path, change: Change, expected: str) -> None:
    data = json.loads(json.dumps(PLAIN))
    change(data)
    (tmp_path / "bad.toml").write_text(tomli_w.dumps(data))
    with pytest.raises(InputError, match=r"bad\.toml is not a valid trial") as told:
        read(tmp_path / "bad.toml")
    assert expected in str(told.value)


def test_what_the_catalogue_does_not_hold_is_told() -> None:
    entry = PLAIN["endpoints"][0] | {"published": "all.unions"}
    found = problems(made(endpoints=[entry], cohort="Hernigou2005"))
    assert "did you mean 'Hernigou2005.all.union'" in str(found[0])
    assert "no published study 'Hernigou205'" in str(problems(made(cohort="Hernigou205"))[0])


def test_an_arm_whose_plan_cannot_be_is_refused_before_anything_runs() -> None:
    arms = [PLAIN["arms"][0] | {"plan": {"steps": [{"kind": "injektion"}]}}, PLAIN["arms"][1]]
    with pytest.raises(InputError, match=r"arms\.0\.plan"):
        ran(made(arms=arms))


def test_a_score_of_risk_needs_no_engine() -> None:
    trial = read(Path(__file__).parents[2] / "examples/trials/bhandari-2003-baseline.toml")
    told = document(run_trial(trial, patients_each=2000))
    assert told["endpoints"][0]["observed"]["role"] == "calibrate"
    assert 10 < told["endpoints"][0]["predicted"] < 50
    assert "No healing is computed" in told["notices"][0]
    assert "<svg" in page.html(told)
