"""The parts of a search for a plan: common luck, the search, named plans and their case files."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trephine import pipeline
from trephine.case.brief import Brief
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
from trephine.study.asked import Asked, axis
from trephine.study.chain import Luck, chain, named
from trephine.study.choices import space, template
from trephine.study.dose import reaches
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
