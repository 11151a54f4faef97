"""Delayed union by its published definition, in trials and in the words of a report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from made_trial import made
from synthetic_run import synthetic_run
from trephine.case.followup import FollowUp
from trephine.case.run import Run
from trephine.catalogue.cohorts import cohorts
from trephine.core.errors import InputError
from trephine.models.delayed_union import definition, delayed_score, rust
from trephine.report import story
from trephine.study.emulated_trial import emulate_trial
from trephine.study.outcomes import Pool
from trephine.study.sampling import values

DELAYED = {"arm": "cells", "outcome": "delayed union", "measure": "share", "time": "26 wk"}


def followed(union_week: float, scores: tuple[int, int, int, int] = (3, 2, 2, 2)) -> FollowUp:
    """Return visits every 4 weeks of what has some scores until it unites."""
    seen = synthetic_run().follow_up
    week = np.arange(0.0, 53.0, 4.0)
    late = (week >= union_week)[:, None]
    cortex = np.where(late, 4, np.array(scores)).astype(float)
    many = {
        name: np.zeros((week.size, *getattr(seen, name).shape[1:]))
        for name in ("radiograph_ap", "radiograph_lateral")
    }
    return replace(
        seen,
        week=week,
        cortex_score=cortex,
        mrust=cortex.sum(axis=1),
        callus_volume=np.zeros(week.size),
        bridged=(cortex >= 3).sum(axis=1).astype(float),
        union_week=union_week,
        **many,
    )


def broken(seen: FollowUp) -> Run:
    """Return a fresh fracture with these visits."""
    run = synthetic_run()
    site = run.case.site.model_copy(update={"diagnosis": "fracture"})
    return replace(run, case=run.case.model_copy(update={"site": site}), follow_up=seen)


def test_the_definition_is_that_of_the_cohort_it_names() -> None:
    held = definition()
    told = cohorts()["Edinburgh_BJO2021"].arms["all"].endpoints["delayed_union_6_months"]
    assert told.about == f"RUST below {held.delayed_union_score:g} at 6 months"
    assert held.delayed_union_time / 86400 == pytest.approx(365.25 / 2)


@pytest.mark.parametrize(
    ("union_week", "scores", "expected"),
    [
        (40.0, (3, 2, 2, 2), 9.0),
        (40.0, (4, 2, 2, 2), 9.0),  # remodelled counts as bridged
        (40.0, (3, 3, 2, 2), None),  # ten is not under ten
        (24.0, (3, 2, 2, 2), None),
    ],
)
def test_a_fracture_that_unites_late_is_delayed(
    union_week: float, scores: tuple[int, int, int, int], expected: float | None
) -> None:
    seen = followed(union_week, scores)
    assert delayed_score(seen, definition()) == expected
    # Sabotage: mRUST in place of RUST takes four for a remodelled cortex.
    assert rust(seen)[0] == min(scores[0], 3) + sum(scores[1:])


def test_the_report_says_so_of_fractures_alone() -> None:
    late, soon = broken(followed(40.0)), broken(followed(24.0))
    assert "This is a delayed union: RUST was 9 of 12 after 6 months" in story.outcome(late)
    assert "delayed" not in story.outcome(soon)
    assert "delayed" not in story.outcome(replace(late, case=synthetic_run().case))


def test_who_fails_counts_as_delayed_in_a_trial() -> None:
    pool = Pool.seen(
        np.array([0.0, 26.0]),
        np.array([20.0, np.inf, np.inf, np.inf]),
        series={"rust": np.array([[4.0, 10.0], [4.0, 9.0], [4.0, 12.0], [np.nan, np.nan]])},
        dose={},
        lost_at=np.array([np.inf, np.inf, 10.0, np.inf]),
        missed=np.zeros((4, 2), bool),
        failed=np.array([False, False, False, True]),
    )
    (endpoint,) = made(endpoints=[DELAYED]).endpoints
    told = values(pool, endpoint, 26.09)
    assert told.tolist() == [0.0, 1.0, 1.0, 1.0]
    # Sabotage: to count only scores that are seen to be low loses who is lost or fails.
    assert (pool.at("rust", 26.09) < definition().delayed_union_score).tolist() != told.tolist()


def test_what_reads_no_film_refuses_it() -> None:
    with pytest.raises(InputError, match="no RUST"):
        emulate_trial(made(endpoints=[DELAYED]))
    told = made(endpoints=[DELAYED], baseline="nurd").problems()
    assert [one.place for one in told] == ["endpoints.0.measure"]
