"""The planner's parts: choices and limits, common luck, the search, the front, the emulator."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trephine import pipeline
from trephine.case.brief import Brief, Limits
from trephine.case.case import Case
from trephine.case.case import read as read_case
from trephine.case.document import validate
from trephine.case.prescription import read
from trephine.case.settings import Settings
from trephine.catalogue.load import catalogue
from trephine.cli.example import written
from trephine.core.errors import InputError
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.intake.site import anatomy
from trephine.models.aspiration import draw_donor
from trephine.models.beliefs import Beliefs
from trephine.models.burden import PlanningParameters
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.processing import Processed
from trephine.models.reading import Reading
from trephine.models.timeline import TimelineParameters
from trephine.stages import deliver, harvest, process
from trephine.study import front
from trephine.study.asked import Asked, axis
from trephine.study.chain import Luck, chain, named
from trephine.study.choices import NONE, passed_limits, space, template
from trephine.study.dose import reaches
from trephine.study.emulator import HALVINGS, LADDER, Emulator, Rung
from trephine.study.luck import Common, added, reaching
from trephine.study.plan_case import case_of, grouped
from trephine.study.plan_case import write as write_case
from trephine.study.plan_document import notices
from trephine.study.planner import LARGE, LEAST, MOST, PLANNED, large_draw, plan
from trephine.study.search import ReachPrescription, burden_of, search, within_limits

CASE = validate(Case, tomllib.loads(written("tibia-nonunion")), "tibia-nonunion")
P = DoseBeliefs.printed()
READING = Reading(catalogue())
TIMES, PLANNING = READING.fill(TimelineParameters), READING.fill(PlanningParameters)
ASKED = read("at least 20,000 progenitors in the lesion (Paris assay)")
GROWN = read("at least 20,000 progenitors, grown cells included, in the lesion (Paris assay)")
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


def common(count: int, injections: int = 2) -> Common:
    return Common.of(
        CASE.patient, Streams(5), count, injections=injections, draws=40, assay=ASKED.assay
    )


def test_common_luck_gives_what_the_dose_chain_gives() -> None:
    many, own = common(64), CASE.plan.injections
    reach = reaches(CASE)
    turn = many.turns[0]
    donor = Streams(5).named("donor").standard_normal((2, 64))
    draws = len(own[0].harvest.draws)
    luck = Luck(donor, (turn.needle[:draws],), (turn.clot,), (turn.device,))
    told = chain(CASE.patient, own, reach, many.p, luck)[0]
    found = many.plan(own, reach)
    for place, there in told.at.items():
        assert found.at[place].nucleated == pytest.approx(there.nucleated, rel=1e-12)
        counted = there.progenitors * many.factor
        assert found.at[place].progenitors == pytest.approx(counted, rel=1e-12)
    assert np.array_equal(found.refused, told.is_held)
    assert found.model == pytest.approx(told.at["stays"].progenitors, rel=1e-12)


def test_luck_does_not_depend_on_how_many_plans_share_it() -> None:
    few, many = common(16, 1), common(16, 3)
    assert np.array_equal(few.turns[0].needle, many.turns[0].needle)
    assert np.array_equal(few.turns[0].device, many.turns[0].device)
    assert not np.array_equal(many.turns[0].device, many.turns[1].device)
    wide = Common.of(CASE.patient, Streams(5), 16, injections=1, draws=200, assay=ASKED.assay)
    assert np.array_equal(wide.turns[0].needle[:40], few.turns[0].needle)


def test_the_search_is_the_chain_plan_by_plan() -> None:
    made = space(CASE, brief(), P, PLANNING)
    kept = within_limits(CASE, brief(), made, P, TIMES, PLANNING)
    many, reach = common(48), reaches(CASE)[0]
    objective = ReachPrescription(ASKED)
    gains = search(
        made, kept, many, reach, objective,
        known={}, keep=lambda _: None, tell=lambda *_: "", watch=Watch(),
    )  # fmt: skip
    assert len(gains) == len(kept.keys)
    assert 0 < gains.mean() < 1
    for number in RNG.choice(len(kept.keys), 60, replace=False):
        injections = made.injections(kept.keys[number])
        cells = many.plan(injections, [reach] * len(injections))
        alone = objective.values(injections, cells, many.count).mean()
        assert gains[number] == pytest.approx(float(alone), abs=1e-12)


def test_all_of_a_prescription_is_reached_at_once() -> None:
    made = space(CASE, brief(), P, PLANNING)
    key = next(iter(made.plans()))
    cells = common(256).plan(made.injections(key), [reaches(CASE)[0]] * 1)
    there = cells.at["lesion"]
    middle = float(np.median(there.progenitors))
    dense = float(np.median(there.density))
    wanted = ASKED.model_copy(update={"progenitors": middle, "density": dense})
    both = (there.progenitors >= middle) & (there.density >= dense)
    assert np.array_equal(reaching(wanted, cells, 256), both & ~np.asarray(cells.refused))
    none = dataclasses.replace(cells, refused=np.ones(256, dtype=bool))
    assert not reaching(wanted, none, 256).any()
    assert added([there, there]).density == pytest.approx(there.density)


@pytest.fixture(scope="module")
def planned() -> Any:
    return plan(Asked(CASE, brief(), GROWN, count=600))


def test_named_plans_are_what_they_say(planned: Any) -> None:
    gains = planned.cloud[:, 1]
    most = planned.named[MOST]
    assert most.searched >= gains.max() - 0.05
    assert all(
        one.burden.theatre >= most.burden.theatre or not one.is_as_good_as(planned.front[-1])
        for one in planned.front
    )
    least = planned.named[LEAST]
    assert least.gain >= 0.8
    assert not any(
        one.gain >= 0.8 and one.burden.theatre < least.burden.theatre for one in planned.front
    )
    own = planned.named[PLANNED]
    assert own.injections == tuple(CASE.plan.injections)
    assert own.difference == (0.0, (0.0, 0.0))
    assert [one.gain for one in planned.front] == sorted(one.gain for one in planned.front)


EDGE = {
    "counts": [6, 12, 30, 40],
    "volumes": ["4 mL", "8 mL"],
    "products": ["6 mL", "10 mL", "15 mL"],
    "tracks": [1],
}
"""Choices of which some cannot be made, and the best of those that cannot would win."""


def accepted(case: Case) -> bool:
    """Return whether a run takes a case as far as the lesion, by the luck of seed 0."""
    settings, p = Settings.preset("draft"), Beliefs.printed()
    try:
        pipeline.check(case, p, settings)
        site = anatomy(case.site, settings)
        luck = Streams(0)
        donor = draw_donor(p.harvest, luck.named("donor"))
        steps = case.plan.injections
        for step, own in zip(steps, named(steps, luck), strict=True):
            aspirate = harvest.harvest(
                patient=case.patient, plan=step.harvest, p=p.harvest, donor=donor,
                rng=own.named("needle"), clot=float(own.named("clot").standard_normal()),
            )  # fmt: skip
            made = process.process(
                aspirate=aspirate, plan=step.process, p=p.process, rng=own.named("device")
            )
            deliver.deliver(
                concentrate=made, anatomy=site, plan=step.deliver, day=step.day,
                held=step.waiting, p=p.deliver, s=settings, rng=own.named("placement"),
            )  # fmt: skip
    except InputError:
        return False
    return True


@pytest.mark.parametrize("example", ["tibia-nonunion", "femur-nonunion"])
@pytest.mark.parametrize("limits", [{}, {"reduction": "any"}], ids=["as reported", "any"])
def test_a_run_takes_every_plan_with_a_name(example: str, limits: dict[str, Any]) -> None:
    case = validate(Case, tomllib.loads(written(example)), example)
    found = plan(Asked(case, brief(EDGE, **limits), read("4e4 progenitors"), count=400))
    assert found.candidates.refused > 0
    assert {MOST, PLANNED, LARGE} <= set(found.named)
    for title, one in found.named.items():
        assert accepted(case_of(case, title, one.injections)), title
        assert one.refused < 0.2


def test_without_the_check_a_plan_with_a_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(CASE, brief(EDGE, reduction="any"), read("4e4 progenitors"), count=400)
    monkeypatch.setattr(Processed, "held", property(lambda _: False))
    found = plan(asked)
    monkeypatch.undo()
    assert not accepted(case_of(CASE, MOST, found.named[MOST].injections))


def test_no_device_reduces_more_than_reported_unless_asked_to() -> None:
    made = space(CASE, brief(EDGE), P, PLANNING)
    kept = within_limits(CASE, brief(EDGE), made, P, TIMES, PLANNING)
    free = within_limits(CASE, brief(EDGE, reduction="any"), made, P, TIMES, PLANNING)
    assert kept.excluded["reduction"] > 0
    assert "reduction" not in free.excluded
    assert set(kept.keys) < set(free.keys)
    for key in kept.keys:
        (one, *_) = made.injections(key)
        if one.process.method == "concentrate":
            device = P.process.separation.devices[one.process.device]
            times = (one.harvest.volume + one.harvest.anticoagulant) / one.process.product_volume
            assert device.least_reduction <= times * (1 + 1e-9)
            assert times <= device.most_reduction * (1 + 1e-9)


def test_what_has_no_price_has_no_cost_and_is_left_out_where_cost_counts() -> None:
    choices = {**EDGE, "devices": ["none", "buffy_coat", "low_haematocrit"]}
    prices = {"currency": "EUR", "theatre_minute": 30, "kits": {"buffy_coat": 700}}
    given = validate(Brief, {"choices": choices, "prices": prices}, "brief.toml")
    by = {axis: plan(Asked(CASE, given, read("5,000 progenitors"), axis=axis, count=400))
          for axis in ("cost", "minutes")}  # fmt: skip
    assert all(one.burden.cost is not None for one in by["cost"].front)
    assert by["cost"].candidates.excluded["price"] > 0
    assert any("low haematocrit" in said and "left out" in said for said in notices(by["cost"]))
    assert not any("left out" in said for said in notices(by["minutes"])[:1])
    kept = by["minutes"].candidates
    unpriced = [n for n, asked in enumerate(kept.burdens) if asked.cost is None]
    assert len(unpriced) == by["cost"].candidates.excluded["price"]
    capped = validate(
        Brief, {"choices": choices, "prices": prices, "limits": {"cost": 1e6}}, "brief.toml"
    )
    made = space(CASE, capped, P, PLANNING)
    under = within_limits(CASE, capped, made, P, TIMES, PLANNING)
    assert len(under.keys) == len(kept.keys) - len(unpriced)
    nothing = validate(
        Brief, {"choices": {**choices, "devices": "ficoll"}, "prices": prices}, "brief.toml"
    )
    with pytest.raises(InputError, match="no plan has a known cost"):
        plan(Asked(CASE, nothing, ASKED, axis="cost", count=400))


def test_colonies_are_not_reached_by_grown_cells() -> None:
    only = {**FEW, "devices": ["culture"], "injections": [1]}
    none = plan(Asked(CASE, brief(only), ASKED, count=400)).named[MOST]
    assert none.gain == 0.0
    assert none.dose[-1] == 0.0
    assert none.grown[0] > 1e5
    counted = plan(Asked(CASE, brief(only), GROWN, count=400)).named[MOST]
    assert counted.gain > 0.9


def test_what_is_told_owes_nothing_to_the_luck_of_the_search() -> None:
    few = brief({**FEW, "devices": ["buffy_coat", "low_haematocrit"], "carriers": ["clot"]})
    asked = Asked(CASE, few, read("at least 60,000 progenitors in the lesion"), count=6000)
    found = plan(asked)
    won = [one.searched - one.gain for one in found.front if 0.02 < one.gain < 0.98]
    assert won
    assert max(abs(each) for each in won) < 0.1  # five times the error of the search
    assert all(one.searched != one.gain for one in found.front if 0.02 < one.gain < 0.98)


def test_the_same_marrow_in_other_draws_is_the_same_burden() -> None:
    made = space(CASE, brief({"counts": [3, 4, 7], "volumes": ["1.4 mL", "2.45 mL"]}), P, PLANNING)
    drawn = {
        axis(burden_of(CASE, brief(), made.injections(key), P, TIMES), "marrow")
        for key in made.plans()
        if made.harvests[key[0]].volume == pytest.approx(9.8e-6)
    }
    assert len(drawn) <= 2  # in one injection or in two


def test_a_plan_becomes_a_case_that_can_be_read(planned: Any, tmp_path: Path) -> None:
    for title, one in planned.named.items():
        case = case_of(CASE, title, one.injections)
        assert case.plan.injections == list(one.injections)
        assert case.plan.loadings == CASE.plan.loadings
        assert title in case.name
        write_case(case, tmp_path / "plan.toml")
        assert read_case(tmp_path / "plan.toml") == case
    assert grouped(["2 mL", "2 mL", "5 mL", "2 mL"]) == ["2 x 2 mL", "5 mL", "2 mL"]


def test_a_plan_names_its_scan_from_where_it_stands(tmp_path: Path) -> None:
    scan = {name: str(tmp_path / "scans" / f"{name}.nii.gz") for name in ("density", "labels")}
    scan |= {"contents": "x", "source": "made up"}
    site = CASE.site.as_written()
    del site["shaft"]
    case = validate(Case, {**CASE.as_written(), "site": {**site, "scan": scan}}, "scanned")
    (tmp_path / "plans").mkdir()
    write_case(case, tmp_path / "plans" / "plan.toml")
    assert 'density = "../scans/density.nii.gz"' in (tmp_path / "plans" / "plan.toml").read_text()
    assert read_case(tmp_path / "plans" / "plan.toml").site.scan == case.site.scan


def test_one_large_draw_is_no_larger_than_a_syringe() -> None:
    at_once = large_draw(template(CASE))
    assert [round(v * 1e6, 6) for v in at_once.harvest.draws] == [60]
    assert at_once.harvest.anticoagulant == pytest.approx(
        0.5 * template(CASE).harvest.anticoagulant
    )
    assert at_once.process.product_volume == pytest.approx(7.5e-6)  # as concentrated as before
    assert at_once.deliver.volume == at_once.process.product_volume


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"prescription": None}, "nothing is prescribed"),
        ({"axis": "cost"}, "no cost is known"),
        ({"count": 3}, "3 samples"),
        ({"brief": brief(cost=100)}, "limits.cost needs"),
        ({"brief": brief(marrow="0.1 mL")}, "none of .* plans keeps within the limits .*marrow"),
        ({"case": CASE.with_plan(steps=[])}, "no injection"),
        ({"prescription": read("at least 3 progenitors (Pariss assay)")}, "did you mean 'paris'"),
    ],
)
def test_nonsense_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        plan(Asked(**{"case": CASE, "brief": brief(), "prescription": ASKED, **changes}))


def healing(threshold: float) -> Callable[[float], Rung]:
    """Return runs of an engine that unites from a dose on, the sooner the more."""

    def run(dose: float) -> Rung:
        week = 30.0 - 2.5 * np.log10(dose) if dose >= threshold else None
        return Rung(dose, week, 12.0 if week else 4.0)

    return run


@pytest.mark.parametrize("threshold", [500.0, 3000.0, 4.2e5])
def test_the_emulator_brackets_the_threshold(threshold: float) -> None:
    made = Emulator.climbed(healing(threshold), np.random.default_rng(1))
    low, high = made.bracket
    assert low < threshold <= high
    assert high / low == pytest.approx(10 ** (1 / 2**HALVINGS))
    doses = np.geomspace(low / 5, high * 5, 400)
    chance = made.union(doses)
    assert np.all(np.diff(chance) >= 0)
    assert np.array_equal(chance == 0, doses <= low)
    least, most = made.bounds(doses)
    truth = doses >= threshold
    assert np.all(least <= truth)
    assert np.all(truth <= most)
    assert made.week(np.array(1e6)) == pytest.approx(15.0, abs=1e-9)
    assert made.misses(made.fresh).wrong == 0
    assert made.misses(made.fresh).weeks == pytest.approx(0.0, abs=1e-9)


def test_a_wrong_emulator_is_found_out() -> None:
    made = Emulator.climbed(healing(3000.0), np.random.default_rng(1))
    late = Emulator(tuple(dataclasses.replace(r, week=r.week and r.week + 4) for r in made.rungs))
    assert late.misses(made.fresh).weeks == pytest.approx(4.0)
    shifted = Emulator(tuple(dataclasses.replace(r, dose=30 * r.dose) for r in made.rungs))
    assert shifted.misses([healing(3000.0)(2e4)]).wrong == 1


def test_a_ladder_that_tells_no_threshold_says_so() -> None:
    never = Emulator.climbed(healing(1e30), np.random.default_rng(1))
    assert len(never.rungs) == len(LADDER)
    assert not never.union(np.array([1.0, 1e12])).any()
    with pytest.raises(ValueError, match="no dose of the ladder unites"):
        never.week(np.array(1e6))
    always = Emulator.climbed(healing(1.0), np.random.default_rng(1))
    assert always.union(np.array([1.0, 1e12])).all()
    assert always.as_written()["threshold_between"][0] is None


def test_a_ladder_that_is_not_monotone_says_so() -> None:
    odd = Emulator((Rung(1e3, 20.0, 12), Rung(1e4, None, 4), Rung(1e5, 12.0, 12)))
    assert not odd.is_monotone
    assert odd.bracket == (1e3, 1e4)
    assert odd.left_out().wrong == 1
