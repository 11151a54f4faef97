"""Arms of symptom studies: one scale, nothing held out in a fit, a reason for all that is left."""

from __future__ import annotations

from collections import Counter

import pytest

from trephine.case.symptom import FUNCTION_SCORES, PAIN_SCORES
from trephine.catalogue.load import catalogue
from trephine.catalogue.symptom_studies import symptom_studies
from trephine.models.instruments import INSTRUMENTS
from trephine.models.symptoms import BASELINE_SD
from trephine.study.symptom_arms import evidence
from trephine.study.symptom_evidence import Evidence
from trephine.study.symptom_fit import laws_of
from trephine.study.symptom_values import (
    interval_between,
    is_open,
    is_randomised,
    stage_of,
    time_in_days,
)

LAWS = laws_of(catalogue())
CALIBRATE, HOLDOUT = evidence("calibrate", LAWS), evidence("holdout", LAWS)


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
    assert (len(CALIBRATE.rows), len(CALIBRATE.groups), len(HOLDOUT.rows)) == (77, 47, 36)


def test_no_study_both_calibrates_and_is_held_out() -> None:
    assert studies_of(CALIBRATE) & studies_of(HOLDOUT) == set()
    for found, role in ((CALIBRATE, "calibrate"), (HOLDOUT, "holdout")):
        own = {n for n, s in symptom_studies().items() if role in s.roles}
        assert studies_of(found) <= own


def test_the_check_sees_an_assembly_that_ignores_roles() -> None:
    leaky = Evidence(groups=[*CALIBRATE.groups, *HOLDOUT.groups], rows=[*CALIBRATE.rows])
    shift = len(CALIBRATE.groups)
    leaky.rows += [
        type(r)(r.kind, r.group + shift, None, r.instrument, r.day, r.value, r.error)
        for r in HOLDOUT.rows
    ]
    assert studies_of(leaky) & studies_of(HOLDOUT) != set()


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
    # By hand: points of 100, more is worse; errors of 28.8 and 20.2 points by the root of n.
    assert row("MILES2023", "marrow", "VAS", 365) == pytest.approx((-20.2, 28.8 / 120**0.5))
    assert row("Themistocleous2018", "all", "Oxford knee score", 335) == pytest.approx(
        (-(32.29 - 20.2) / 48 * 100, 20.2 / 11)
    )
    assert row("McAlindon2017", "saline", "WOMAC pain", 730)[0] == pytest.approx(-9.5)
    assert row("Lambert2007", "triamcinolone", "WOMAC pain", 61)[0] == pytest.approx(-30.54)
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
    assert {"MILES2023", "Juni2015", "Anz2020", "Dulic2021", "DREAM2025"} <= chance
    assert chance & {"Kim2018", "Atluri2021", "Pettine2015", "ElKadiry2022", "Colberg2020"} == set()
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
