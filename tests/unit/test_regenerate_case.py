"""The case of a lengthening: what it holds, and what it refuses."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from trephine.case.case import of_any_kind
from trephine.case.regenerate import RegenerateCase
from trephine.cli import example
from trephine.core.errors import InputError
from trephine.pipeline.lengthening_notices import of_pace

DAY = 86400.0


@pytest.fixture
def data() -> dict[str, Any]:
    return tomllib.loads(example.written("tibia-lengthening"))


def distraction(data: dict[str, Any]) -> dict[str, Any]:
    return next(step for step in data["plan"]["steps"] if step["kind"] == "distraction")


def test_the_example_is_a_transport_over_three_inches(data: dict[str, Any]) -> None:
    case = of_any_kind(data, "it")
    assert isinstance(case, RegenerateCase)
    step = case.distraction
    assert step.length == pytest.approx(76.2e-3, abs=1e-3)
    assert step.end == pytest.approx(83 * DAY)
    assert step.gained(6 * DAY) == 0.0
    assert step.gained(17 * DAY) == pytest.approx(10e-3)
    assert step.gained(300 * DAY) == step.length
    assert case.site.biology.fibrous == 0.0
    assert case.with_plan(follow_up={"duration": "26 wk", "interval": "1 wk"}).name == case.name


def test_a_biology_told_in_part_keeps_the_rest_of_a_fresh_cut(data: dict[str, Any]) -> None:
    data["site"]["biology"] = {"periosteum": 0.5}
    case = of_any_kind(data, "it")
    assert isinstance(case, RegenerateCase)
    assert case.site.biology.periosteum == 0.5
    assert case.site.biology.fibrous == 0.0


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("site.fixation", {"kind": "plate"}, "a plate cannot draw bone ends apart"),
        ("site.fixation", {"kind": "nail", "nail_diameter": "15 mm"}, "wider than the canal"),
        ("plan.follow_up", {"duration": "10 wk", "interval": "1 wk"}, "after the last visit"),
    ],
)
def test_what_cannot_be_is_refused(data: dict[str, Any], place: str, value: Any, said: str) -> None:
    *above, last = place.split(".")
    here = data
    for key in above:
        here = here[key]
    here[last] = value
    data["plan"]["steps"] = [s for s in data["plan"]["steps"] if s["kind"] == "distraction"]
    with pytest.raises(InputError, match=said):
        of_any_kind(data, "it")


def test_there_is_one_distraction_and_injections_wait_for_its_end(data: dict[str, Any]) -> None:
    steps = data["plan"]["steps"]
    injection = next(step for step in steps if step["kind"] == "injection")
    injection["day"] = "40 d"
    with pytest.raises(InputError, match="or after it ended"):
        of_any_kind(data, "it")
    data["plan"]["steps"] = [s for s in steps if s["kind"] == "loading"]
    with pytest.raises(InputError, match="needs one step of kind 'distraction'; found 0"):
        of_any_kind(data, "it")


def test_a_shaft_knows_no_distraction(data: dict[str, Any]) -> None:
    shaft = tomllib.loads(example.written("tibia-nonunion"))
    shaft["plan"]["steps"] = [distraction(data)]
    with pytest.raises(InputError, match="of kind 'distraction', which this kind of site"):
        of_any_kind(shaft, "it")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"rate": "0.5 mm/d", "rhythm": 1440}, []),
        ({"rate": "1.5 mm/d"}, ["by 1.5 mm a day, faster than"]),
        ({"rhythm": 2}, ["takes 2 steps a day"]),
        ({"rate": "3 mm/d", "rhythm": 1}, ["knows nothing that makes a faster", "one step a day"]),
    ],
)
def test_a_pace_that_nothing_makes_fail_is_told(
    data: dict[str, Any], changes: dict[str, Any], said: list[str]
) -> None:
    distraction(data).update(changes)
    injection = next(step for step in data["plan"]["steps"] if step["kind"] == "injection")
    injection["day"] = "200 d"
    data["plan"]["follow_up"]["duration"] = "60 wk"
    case = of_any_kind(data, "it")
    assert isinstance(case, RegenerateCase)
    told = of_pace(case.distraction)
    assert len(told) == len(said)
    for notice, words in zip(told, said, strict=True):
        assert words in notice
    if "rhythm" in changes and told:
        assert "in 49.12 days for each centimetre with two steps a day and in 41.36" in told[-1]
