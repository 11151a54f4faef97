"""Arms of symptom studies: one scale, roles kept apart, a reason for all that is left."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from trephine.case.symptom import FUNCTION_SCORES, PAIN_SCORES
from trephine.catalogue.load import catalogue
from trephine.models.instruments import INSTRUMENTS
from trephine.models.symptoms import BASELINE_SD
from trephine.study.symptom_arms import evidence, symptom_studies
from trephine.study.symptom_evidence import Evidence
from trephine.study.symptom_fit import laws_of
from trephine.study.symptom_left_out import folds, parted
from trephine.study.symptom_values import (
    interval_between,
    is_open,
    is_randomised,
    stage_of,
    time_in_days,
)

LAWS = laws_of(catalogue())
CALIBRATE = evidence("calibrate", LAWS)
TABLE = Path(__file__).parents[3] / "shared" / "evidence" / "cohorts.csv"


def studies_of(found: Evidence) -> set[str]:
    return {found.groups[row.group].study for row in found.rows}


def test_every_value_is_used_or_left_with_a_reason() -> None:
    told = [
        f"{name}.{key}.{label}"
        for name, study in symptom_studies().items()
        for key, arm in study.arms.items()
        for label, value in arm.endpoints.items()
        if value.role == "calibrate"
    ]
    left = {one.value for one in CALIBRATE.left}
    baselines = {v for v in told if "baseline" in v} - left
    several = Counter(
        (r.group, r.instrument.domain, r.day, r.kind)
        for r in CALIBRATE.rows
        if r.against is not None
    )
    rows = len(CALIBRATE.rows) - sum(n - 1 for n in several.values())
    assert rows + len(left) + len(baselines) == len(told)
    assert all(one.why for one in CALIBRATE.left)
    assert (len(CALIBRATE.rows), len(CALIBRATE.groups)) == (45, 31)


def test_no_value_of_another_role_is_looked_at() -> None:
    studies = {n: s for n, s in symptom_studies().items() if "calibrate" not in s.roles}
    assert studies
    assert evidence("calibrate", LAWS, studies).rows == []
    assert evidence("holdout", LAWS).rows == []


def strangers(names: set[str]) -> set[str]:
    """Return the studies that the given table of evidence does not have."""
    with TABLE.open(encoding="utf-8", newline="") as rows:
        return names - {row["study_id"] for row in csv.DictReader(rows)}


@pytest.mark.skipif(not TABLE.is_file(), reason="the evidence tables are beside the checkout")
def test_every_study_is_in_the_given_table() -> None:
    assert strangers(set(symptom_studies())) == set()
    assert strangers({*symptom_studies(), "Looked up 2024"}) == {"Looked up 2024"}


def test_a_fit_without_some_studies_sees_nothing_of_them() -> None:
    dealt = folds(CALIBRATE, 4)
    numbers = {
        s
        for s in studies_of(CALIBRATE)
        for r in CALIBRATE.rows
        if CALIBRATE.groups[r.group].study == s and r.kind in {"change", "improvement", "contrast"}
    }
    assert sorted(s for fold in dealt for s in fold) == sorted(numbers)
    for fold in dealt:
        rest, theirs = parted(CALIBRATE, fold)
        assert studies_of(theirs) == set(fold)
        assert {group.study for group in rest.groups} & set(fold) == set()
        assert len(rest.rows) + len(theirs.rows) == len(CALIBRATE.rows)
        for part in (rest, theirs):
            for row in part.rows:
                assert row.against is None or (
                    part.groups[row.against].study == part.groups[row.group].study
                )


def row(study: str, arm: str, score: str, day: float) -> tuple[float, float]:
    found = next(
        r
        for r in CALIBRATE.rows
        if (CALIBRATE.groups[r.group].study, CALIBRATE.groups[r.group].arm) == (study, arm)
        and r.instrument.name == score
        and abs(r.day - day) < 1.0
    )
    return found.value, found.error


def test_scores_come_onto_one_scale_with_their_errors() -> None:
    # By hand: points of 100, more is worse; errors of 25 and 20 points by the root of n.
    assert row("MILES2023", "marrow", "VAS", 365) == pytest.approx((-20.2, 25 / 120**0.5))
    assert row("Themistocleous2018", "all", "Oxford knee score", 335) == pytest.approx(
        (-(32.29 - 20.2) / 48 * 100, 20 / 11)
    )
    assert row("McAlindon2017", "saline", "WOMAC pain", 730)[0] == pytest.approx(-9.5)
    # An interval of 95 % is 3.92 errors wide; an arm without any takes that of its comparator.
    assert row("Ruane2021", "cells", "NRS", 365) == pytest.approx((-31.3, 20.6 / 3.92), rel=1e-3)
    assert row("Juni2015", "ia_corticosteroid_vs_sham", "pain", 10) == pytest.approx(
        (-12.0, 0.43 * 25 / 3.92), rel=1e-3
    )


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("3 months", 91.3),
        ("4-6 wk", 35.0),
        ("registry primary (12 mo per paper)", 365.25),
        ("most recent", None),
        ("baseline", 0.0),
    ],
)
def test_times_are_read(text: str, day: float | None) -> None:
    found = time_in_days(text)
    assert found == (None if day is None else pytest.approx(day, abs=0.1))


def test_words_of_design_are_read() -> None:
    studies = symptom_studies()
    chance = {n for n, s in studies.items() if is_randomised(s)}
    assert {"MILES2023", "Juni2015", "Anz2020", "Dulic2021", "Shapiro2017"} <= chance
    assert chance & {"Pettine2015", "ElKadiry2022", "Colberg2020"} == set()
    assert {n for n in chance if is_open(studies[n])} >= {"Dulic2021", "CentenoRC2020"}
    assert not is_open(studies["Shapiro2017"])
    assert interval_between("triamcinolone 40 mg q12wk x2y") == 84.0
    assert [stage_of(t) for t in ("severe knee OA", "knee OA", "mild-moderate")] == [1, 0, -1]


def test_a_score_and_its_burden_undo_each_other() -> None:
    for instrument in INSTRUMENTS.values():
        for burden in (0.0, 37.5, 100.0):
            assert instrument.burden(instrument.score(burden)) == pytest.approx(burden)
    assert INSTRUMENTS["KOOS pain"].burden(30.0) == 70.0
    assert INSTRUMENTS["KOOS pain"].burden_of_change(15.5) == -15.5


def test_documents_and_scores_have_the_same_ends() -> None:
    for name, ends in {**PAIN_SCORES, **FUNCTION_SCORES}.items():
        assert (INSTRUMENTS[name].low, INSTRUMENTS[name].high) == ends
    for part in ("pain", "function"):
        spread = catalogue().record(f"symptoms.laws.baseline_{part}").spread
        assert spread is not None
        assert spread.sd == BASELINE_SD
