"""Choices, briefs, limits and the front of a search for a plan."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from trephine.case.brief import Brief, Limits
from trephine.case.case import Case
from trephine.case.document import validate
from trephine.catalogue.load import catalogue
from trephine.cli.example import written
from trephine.core.errors import InputError
from trephine.models.burden import PlanningParameters
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.reading import Reading
from trephine.models.timeline import TimelineParameters
from trephine.study import front
from trephine.study.choices import NONE, passed_limits, space, template
from trephine.study.search import burden_of, within_limits

CASE = validate(Case, tomllib.loads(written("tibia-nonunion")), "tibia-nonunion")
P = DoseBeliefs.printed()
READING = Reading(catalogue())
TIMES, PLANNING = READING.fill(TimelineParameters), READING.fill(PlanningParameters)
FEW = {
    "counts": [1, 6, 20],
    "volumes": ["4 mL", "15 mL"],
    "tracks": [1, 2],
    "punctures": [1, 2, 5],
    "devices": ["none", "buffy_coat", "culture"],
    "products": ["4 mL", "8 mL"],
    "carriers": ["clot", "demineralised_bone"],
    "injections": [1, 2],
}
RNG = np.random.default_rng(8)


def brief(choices: dict[str, Any] | None = None, **limits: Any) -> Brief:
    return validate(Brief, {"choices": choices or FEW, "limits": limits}, "brief.toml")


def beaten(gain: Sequence[float], burden: Sequence[float], one: int) -> bool:
    """Return whether some plan gains as much for less, or more for as much."""
    return any(
        (gain[k] > gain[one] and burden[k] <= burden[one])
        or (gain[k] >= gain[one] and burden[k] < burden[one])
        for k in range(len(gain))
    )


def without_order(gain: np.ndarray, burdens: Sequence[np.ndarray]) -> np.ndarray:
    """Return a front as one might think it: in the order given, sorted by nothing."""
    best = np.maximum.accumulate(np.concatenate([[-np.inf], gain]))[:-1]
    return np.flatnonzero(gain > best)


@pytest.mark.parametrize(("found", "is_right"), [(front.front, True), (without_order, False)])
def test_the_front_is_what_brute_force_finds(
    found: Callable[..., np.ndarray], *, is_right: bool
) -> None:
    agree = []
    for _ in range(30):
        gain, burden = RNG.integers(0, 12, 40) / 12, RNG.integers(0, 15, 40).astype(float)
        line = found(gain, [burden])
        wanted = {(gain[k], burden[k]) for k in range(40) if not beaten(gain, burden, k)}
        agree.append({(gain[k], burden[k]) for k in line} == wanted and len(line) == len(wanted))
    assert all(agree) is is_right


def test_ties_are_broken_by_the_further_burdens_and_then_by_the_order() -> None:
    gain = np.array([0.9, 0.9, 0.9, 0.85, 0.2])
    minutes = np.array([50.0, 50.0, 50.0, 50.0, 10.0])
    marrow = np.array([80.0, 60.0, 60.0, 10.0, 10.0])
    assert list(front.front(gain, [minutes, marrow])) == [4, 1]
    assert front.least(gain, [minutes, marrow], 0.8) == 3
    assert front.least(gain, [minutes, marrow], 0.95) is None
    assert front.best(gain, [minutes, marrow]) == 1


def test_a_paired_difference_is_sharper_than_two_means() -> None:
    luck = RNG.random(4000)
    one, other = luck < 0.62, luck < 0.60
    middle, (low, high) = front.paired(one, other)
    assert middle == pytest.approx(0.02, abs=0.008)
    assert low < middle < high
    apart = 2 * 1.96 * np.sqrt(2 * 0.24 / 4000)
    assert high - low < 0.35 * apart


def test_choices_are_all_that_can_be_made() -> None:
    made = space(CASE, brief(), P, PLANNING)
    # Four tracks a puncture: 1 draw takes 1; 6 tracks 2 or 5, 3 tracks 1 or 2; 20 and 10 tracks 5.
    assert len(made.harvests) == 2 * (1 + 2 + 2 + 1 + 1)
    fan = P.harvest.fan.tracks
    assert all(h.tracks <= fan * (h.punctures or 0) for h in made.harvests)
    assert {len(s.days) for s in made.schedules} == {1, 2}
    for key in made.plans():
        for injection in made.injections(key):
            again = type(injection).model_validate(injection.as_written())
            assert again == injection
    assert all(m.deliver.carrier != "clot" for m in made.makings if m.process.method == "culture")


def test_what_a_brief_leaves_open_is_taken_around_the_case() -> None:
    made = space(CASE, Brief(), P, PLANNING)
    own = template(CASE)
    assert any(h.draws == own.harvest.draws for h in made.harvests)
    assert {m.deliver.carrier for m in made.makings} == {"clot"}
    methods = {m.process.method for m in made.makings}
    assert methods == {"none", "concentrate"}
    assert len(list(made.plans())) > 5000
    # Nobody drains a bone through one puncture.
    assert all(h.tracks <= P.harvest.fan.tracks * (h.punctures or 0) for h in made.harvests)
    assert {h.punctures for h in made.harvests if h.tracks == 40} == {10, 20}


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"bones": ["posterior_iliac_crist"]}, "did you mean 'posterior_iliac_crest'"),
        ({"devices": ["bufy_coat", "nune"]}, "choices.devices.1: 'nune' is unknown; did you mean"),
        ({"needles": [22]}, "choices.needles.0"),
        ({"counts": [1], "volumes": ["2 mL"], "products": ["9 mL"], "devices": [NONE]}, "no plan"),
        ({"spacing": ["60 wk"], "injections": [2]}, "do not fit|no injections"),
        ({"counts": [0]}, r"choices.counts.0: write a whole number from 1 to 200"),
        ({"injections": ["2"]}, r"choices.injections.0: write a whole number from 1 to 24"),
    ],
)
def test_a_brief_that_cannot_be_searched_is_refused(choices: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        space(CASE, brief({**FEW, **choices}), P, PLANNING)


@pytest.mark.parametrize("given", ["30 EUR", True, [3]])
def test_a_price_is_a_number_alone(given: Any) -> None:
    prices = {"currency": "EUR", "theatre_minute": given}
    with pytest.raises(InputError, match=r"prices\.theatre_minute: write a number alone, in the"):
        validate(Brief, {"prices": prices}, "brief.toml")
    with pytest.raises(InputError, match="finite number of at least 0"):
        validate(Brief, {"prices": {**prices, "theatre_minute": -1}}, "brief.toml")


def test_limits_leave_out_what_passes_over_them_and_count_it() -> None:
    made = space(CASE, brief(), P, PLANNING)
    free = within_limits(
        CASE, brief(marrow_per_mass="40 mL/kg", reduction="any"), made, P, TIMES, PLANNING
    )
    assert len(free.keys) == free.total == len(list(made.plans())) - free.refused
    asked = brief(marrow="100 mL", punctures=2, sessions=1, manipulation="minimal", reduction="any")
    kept = within_limits(CASE, asked, made, P, TIMES, PLANNING)
    assert 0 < len(kept.keys) < free.total
    for key, asks in zip(kept.keys, kept.burdens, strict=True):
        injections = made.injections(key)
        assert sum(i.harvest.volume for i in injections) <= 100.001e-6
        assert len(injections) == 1
        assert injections[0].process.method != "culture"
        assert asks == burden_of(CASE, asked, injections, P, TIMES)
    counted = dict.fromkeys(("marrow", "sessions", "manipulation"), 0)
    for asks in free.burdens:
        for name in passed_limits(asks, asked.limits, CASE.patient.mass, PLANNING):
            if name in counted:
                counted[name] += 1
    assert counted == {name: kept.excluded[name] for name in counted}


def test_the_cap_of_the_catalogue_holds_where_a_brief_says_nothing() -> None:
    made = space(CASE, brief(), P, PLANNING)
    kept = within_limits(CASE, brief(), made, P, TIMES, PLANNING)
    cap = PLANNING.marrow_per_mass * 10.0
    small = CASE.changed({"patient": {"mass": "10 kg"}})
    light = within_limits(small, brief(), made, P, TIMES, PLANNING)
    assert max(b.most_marrow for b in light.burdens) <= cap * (1 + 1e-9)
    assert len(light.keys) < len(kept.keys)
    assert Limits().marrow_per_mass is None
