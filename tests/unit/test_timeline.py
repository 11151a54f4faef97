"""Minutes of a procedure: what counts, what is shared, and what lets the theatre go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.plan import Injection
from trephine.catalogue.load import catalogue
from trephine.core.rng import Streams
from trephine.models import timeline
from trephine.models.reading import Reading
from trephine.models.timeline import TimelineParameters

P = Reading(catalogue()).fill(TimelineParameters)
MARROW = {"draws": ["12 x 5 mL"], "track": 3, "punctures": 2}
SPUN = {"method": "concentrate", "device": "buffy_coat", "product_volume": "10 mL"}
GROWN = {"method": "culture", "duration": "28 d", "product_volume": "6 mL"}


def injection(
    harvest: dict[str, Any] | None = None, process: dict[str, Any] | None = None, **deliver: Any
) -> Injection:
    return validate(
        Injection,
        {
            "kind": "injection",
            "day": "30 d",
            "harvest": harvest or MARROW,
            "process": process or SPUN,
            "deliver": {"volume": "6 mL", "carrier": "none", **deliver},
        },
        "injection",
    )


def minutes(moments: tuple[timeline.Moment, ...]) -> dict[str, float]:
    return {m.name: float(m.seconds) / 60 for m in moments}


def test_the_minutes_are_those_counted_by_hand() -> None:
    told = minutes(timeline.timeline(injection(), P))
    assert told == {
        "set-up": 15,
        "punctures": 2 * 2,
        "redirecting": 2 * 1,  # four tracks through two punctures
        "advancing": pytest.approx(8 * 10 / 60),
        "drawing marrow": pytest.approx(12 * 25 / 60 + 60 / 30),
        "handling": 6,
        "spinning": 15,
        "placing the needle": 8,
        "injecting": pytest.approx(0.6),
        "closing": 8,
        "recovery": 60,
    }
    total = timeline.theatre_time(timeline.timeline(injection(), P)) / 60
    assert total == pytest.approx(sum(told.values()) - 60)


def test_punctures_left_open_are_those_the_tracks_need() -> None:
    told = minutes(timeline.timeline(injection({"draws": ["12 x 5 mL"]}), P))
    assert told["punctures"] == 3 * 2
    assert told["redirecting"] == 9 * 1


def test_a_spin_told_in_the_plan_a_wait_and_portions_take_their_time() -> None:
    spun = {**SPUN, "spin": {"g": 500, "duration": "9 min"}}
    told = minutes(
        timeline.timeline(
            injection(process=spun, wait="45 min", portions=3, apart="5 mm", guidance="ct"), P
        )
    )
    assert told["spinning"] == pytest.approx(9)
    assert told["waiting"] == pytest.approx(45)
    assert told["placing the needle"] == pytest.approx(20 + 2 * 3)


def test_a_device_without_a_time_of_its_own_takes_the_common_one() -> None:
    other = minutes(timeline.timeline(injection(process={**SPUN, "device": "newest"}), P))
    assert other["spinning"] == pytest.approx(P.spin_other / 60)


def test_a_culture_lets_theatre_and_patient_go() -> None:
    grown = [injection(process=GROWN)]
    moments = timeline.course(grown, P)
    assert [m.name for m in moments].count("set-up") == 2
    assert not any(m.is_theatre or m.is_patient for m in moments if m.name == "culture")
    assert timeline.theatre_time(moments) < 2 * 3600
    assert timeline.sessions(grown) == 2
    assert timeline.culture_days(grown) == pytest.approx(28 * 86400)


def test_a_day_is_set_up_once_for_all_it_holds() -> None:
    both = [injection({**MARROW, "day": "30 d"}), injection()]
    alone = timeline.theatre_time(timeline.timeline(both[0], P))
    together = timeline.theatre_time(timeline.course(both, P))
    assert together == pytest.approx(2 * alone - P.set_up - P.closing)
    assert timeline.sessions(both) == 1


def test_fat_is_digested_out_of_theatre_on_its_day() -> None:
    fat = {"tissue": "fat", "volume": "100 mL"}
    svf = injection(fat, {"method": "stromal_vascular_fraction", "product_volume": "10 mL"})
    told = timeline.timeline(svf, P)
    assert [m.name for m in told].count("set-up") == 2
    assert timeline.sessions([svf]) == 2
    cut = injection(fat, {"method": "microfragmented_fat", "product_volume": "10 mL"})
    assert timeline.sessions([cut]) == 1
    assert "fragmenting" in minutes(timeline.timeline(cut, P))


def test_times_may_be_sampled_all_at_once() -> None:
    many = Reading(catalogue(), Streams(3).named, 500).fill(TimelineParameters)
    total = np.asarray(timeline.theatre_time(timeline.timeline(injection(), many)))
    assert total.shape == (500,)
    one = timeline.theatre_time(timeline.timeline(injection(), P))
    assert total.min() < one < total.max()
