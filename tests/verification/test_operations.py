"""Operations change implant, gap, room and sources, and a check sees one that does not."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from trephine.case.anatomy import Anatomy
from trephine.case.case import Case, need_shaft, read
from trephine.case.graft import Graft
from trephine.case.settings import Settings
from trephine.case.site import Biology
from trephine.catalogue.load import catalogue
from trephine.cli.example import file
from trephine.intake.operated import narrowed, with_implants
from trephine.intake.site import anatomy as place
from trephine.models import placement, surgery
from trephine.models.beliefs import Beliefs
from trephine.models.callus import CALLUS, tissue_of
from trephine.models.injury import InjuryParameters, filled_with_clot, numbers, rousing
from trephine.models.reading import Reading
from trephine.models.surgery import Operation
from trephine.pipeline.operating import operations, packed
from trephine.stages.heal.course import numbers_of_model
from trephine.stages.heal.grafting import injected
from trephine.stages.heal.mechanics import Mechanics
from trephine.stages.heal.operating import accounted, broken, entered, operated_on

SETTINGS = Settings.model_validate({"voxel": "2 mm", "margin_axial": "12 mm"})
WHOLE = (slice(None), slice(None), slice(None))
CLOT = numbers(Reading(catalogue()).fill(InjuryParameters))
BELIEFS = Beliefs.printed()
NUMBERS = numbers_of_model(BELIEFS.heal, CALLUS)


@pytest.fixture(scope="module")
def case() -> Case:
    found = need_shaft(read(file("tibia-nonunion")), "a test")
    return found.changed({"site": {"gap": {"width": "6 mm", "tilt": "0 deg"}}})


@pytest.fixture(scope="module")
def site(case: Case) -> Anatomy:
    return place(case.site, SETTINGS)


def planned(case: Case, **step: object) -> Case:
    loads = [one.as_written() for one in case.plan.loadings]
    return case.with_plan(steps=[*loads, {"day": "7 d", **step}])


def operated(case: Case, site: Anatomy, **step: object) -> surgery.Operated:
    (found,) = operations(planned(case, **step), BELIEFS, SETTINGS, site)
    return found


def axial(case: Case, site: Anatomy, operation: Operation) -> float:
    """Return the axial stiffness of what holds the bone after an operation [N/mm]."""
    mechanics = Mechanics(
        case.patient, case.site.fixation, site, case.plan, BELIEFS.heal, NUMBERS, SETTINGS,
        CALLUS, WHOLE,
    )  # fmt: skip
    mechanics.refit(operation.holds, site)
    return float(mechanics.fixation[0, 0])


def same_implant(operation: Operation, case: Case) -> Operation:
    """Sabotage: an operation that leaves the old implant alone."""
    return dataclasses.replace(operation, holds=(case.site.fixation,))


def test_a_plate_beside_the_nail_adds_its_stiffness(case: Case, site: Anatomy) -> None:
    one, _ = operated(case, site, kind="revision_plating", earlier="stays")
    springs = BELIEFS.heal.fixation.axial_stiffness
    wanted = (springs["nail"] + springs["plate"]) * 1e-3
    assert axial(case, site, one) == pytest.approx(wanted, rel=1e-12)
    assert axial(case, site, same_implant(one, case)) != pytest.approx(wanted, rel=0.1)


def test_the_gap_closes_by_its_width_and_nothing_is_lost(case: Case, site: Anatomy) -> None:
    after = operated(case, site, kind="revision_plating", gap_left="2 mm", earlier="stays").anatomy
    assert after.grid == site.grid
    assert after.cortex_removed.sum() == pytest.approx(site.cortex_removed.sum() / 3, rel=1e-4)
    wet = place(case.site, SETTINGS)
    filled = [a.bone + a.metal + a.canal + a.gap + a.callus for a in (wet, after)]
    np.testing.assert_allclose(filled[1], filled[0], atol=1e-9)
    assert after.bone.sum() - site.bone.sum() == pytest.approx(
        site.cortex_removed.sum() - after.cortex_removed.sum()
    )
    with pytest.raises(ValueError, match="never widens"):
        narrowed(site, 7e-3)


def test_a_wider_nail_takes_its_room(case: Case, site: Anatomy) -> None:
    after = operated(case, site, kind="exchange_nail", nail_diameter="12 mm").anatomy
    assert after.metal.sum() / site.metal.sum() == pytest.approx((12 / 9) ** 2, rel=0.01)
    bare = with_implants(site, case.site, (case.site.fixation,), SETTINGS)
    np.testing.assert_allclose(bare.metal, site.metal)


def amounts(state: dict[str, np.ndarray], tissue: object) -> dict[str, float]:
    volume = np.asarray(getattr(tissue, "open")) * 8.0  # noqa: B009  (a tuple of two types)
    return {name: float(np.sum(np.asarray(u) * volume)) for name, u in state.items()}


def breeding(state: Mapping[str, Any], *about: Any) -> dict[str, Any]:
    """Sabotage: an operation that makes progenitors."""
    new = operated_on(state, *about)
    return new | {"progenitor_host": np.asarray(new["progenitor_host"]) * 1.001}


def sparing(state: Mapping[str, Any], *about: Any) -> dict[str, Any]:
    """Sabotage: an operation that sweeps nothing out and brings its clot all the same."""
    new = operated_on(state, *about)
    return new | {"fibrous": np.asarray(state["fibrous"])}


def crushing(state: Mapping[str, Any], *about: Any) -> dict[str, Any]:
    """Sabotage: bone that closes the gap squeezes new bone together and keeps all of it."""
    new = operated_on(state, *about)
    before, after = (np.asarray(about[k].open) for k in (0, 1))
    share = np.divide(before, after, out=np.zeros_like(after), where=after > 0.0)
    return new | {"woven": np.asarray(state["woven"]) * share}


def imbalance(old: Mapping[str, Any], operate: Any, about: tuple[Any, ...]) -> float:
    """Return by how much the worst field is off, over what there was and came."""
    new = operate(old, *about)
    ledger: dict[str, float] = {}
    entered(ledger, accounted(old, *about), old, new, about[0], about[1])
    was, is_now = amounts(old, about[0]), amounts(new, about[1])
    off = 0.0
    for name in set(old) - {"dead_bone"}:
        moved = [v for key, v in ledger.items() if key.startswith(f"{name}/")]
        scale = max(abs(was[name]) + sum(map(abs, moved)), 1e-12)
        off = max(off, abs(was[name] + sum(moved) - is_now[name]) / scale)
    return off


PLATE = {"kind": "revision_plating", "gap_left": "2 mm", "earlier": "stays"}
NAIL = {"kind": "exchange_nail", "nail_diameter": "12 mm"}


@pytest.mark.parametrize("step", [PLATE, NAIL, {"kind": "autograft", "volume": "5 mL"}])
def test_the_budget_of_an_operation_closes_and_sees_what_is_made(
    case: Case, site: Anatomy, step: dict[str, Any]
) -> None:
    one, after = operated(case, site, **step)
    biology = case.site.biology
    before, now = tissue_of(site, biology), tissue_of(after, one.leaves(biology))
    luck = np.random.default_rng(1)
    old = {n: luck.uniform(0.0, 0.3, site.grid.shape) for n in CALLUS.begin(site, biology, NUMBERS)}
    about = (before, now, after, WHOLE, one, one.leaves(biology), 1.0, CLOT)
    assert imbalance(old, operated_on, about) < 1e-12
    for wrong in (breeding, sparing):
        assert imbalance(old, wrong, about) > 1e-4, wrong
    if step is PLATE:
        assert imbalance(old, crushing, about) > 1e-4


def test_an_emptied_gap_is_all_clot(case: Case, site: Anatomy) -> None:
    one, after = operated(case, site, **PLATE)
    biology = case.site.biology
    before, now = tissue_of(site, biology), tissue_of(after, one.leaves(biology))
    old = {n: np.asarray(u) for n, u in CALLUS.begin(site, biology, NUMBERS).items()}
    new = operated_on(old, before, now, after, WHOLE, one, one.leaves(biology), 1.0, CLOT)
    filled = float(after.gap.sum()) * 8.0
    assert amounts(new, now)["clot"] == pytest.approx(filled, rel=1e-6)


def grafted(case: Case, site: Anatomy, **step: object) -> Graft:
    plan = planned(case, **step)
    (graft,) = packed(plan, BELIEFS, operations(plan, BELIEFS, SETTINGS, site), seed=3)
    return graft


@pytest.mark.parametrize(
    ("step", "spare"),
    [({"kind": "autograft", "volume": "60 mL"}, True), (NAIL, False)],
)
def test_chips_are_accounted_for_from_where_they_were_taken(
    case: Case, site: Anatomy, step: dict[str, Any], *, spare: bool
) -> None:
    graft = grafted(case, site, **step)
    assert max(budget.imbalance for budget in graft.budgets) < 1e-9
    volume, progenitors, others = (dict(budget.outgoing) for budget in graft.budgets)
    for each in (volume, progenitors, others):
        assert (each["left over"] > 0.0) is spare
    first, *_, room, last = graft.funnel
    alive = BELIEFS.surgery.graft_alive
    assert graft.funnel[2].progenitors == pytest.approx(alive * graft.funnel[1].progenitors)
    assert first.nucleated > 100.0 * first.progenitors
    assert room.progenitors == pytest.approx(last.progenitors, rel=1e-9)
    assert others["packed, not followed by the model"] == pytest.approx(
        room.nucleated - last.nucleated
    )


def test_chips_that_vanish_are_seen(
    case: Case, site: Anatomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = placement.settle_in_turn
    # Sabotage: a tenth of what is packed is nowhere.
    monkeypatch.setattr(placement, "settle_in_turn", lambda *told: 0.9 * whole(*told))
    graft = grafted(case, site, kind="autograft", volume="60 mL")
    assert all(budget.imbalance > 1e-3 for budget in graft.budgets[:2])
    monkeypatch.undo()
    # Sabotage: what is left over is told nowhere.
    for budget in grafted(case, site, kind="autograft", volume="60 mL").budgets:
        told = {way: amount for way, amount in budget.outgoing.items() if way != "left over"}
        assert dataclasses.replace(budget, outgoing=told).imbalance > 1e-2


def test_what_chips_bring_is_counted_on_the_graft(case: Case, site: Anatomy) -> None:
    graft = grafted(case, site, kind="autograft", volume="5 mL")
    tissue = tissue_of(site, case.site.biology)
    old = {n: np.asarray(u) for n, u in CALLUS.begin(site, case.site.biology, NUMBERS).items()}

    def off(brought: Graft) -> float:
        ledger: dict[str, float] = {}
        new = injected(CALLUS, old, brought, tissue, WHOLE, NUMBERS, ledger)
        was, is_now = amounts(old, tissue), amounts(new, tissue)
        worst = 0.0
        for name in ("clot", "progenitor_injected", "allograft"):
            moved = sum(v for key, v in ledger.items() if key.startswith(f"{name}/"))
            worst = max(worst, abs(was[name] + moved - is_now[name]) / is_now[name])
        return worst

    assert off(graft) < 1e-9
    # Sabotage: some of the clot lies where nothing heals, and is gone without a word.
    astray = np.where(np.asarray(site.healing) > 0.0, graft.clot, 0.01)
    assert off(dataclasses.replace(graft, clot=astray)) > 1e-3


def test_an_open_approach_strips_periosteum_and_makes_dead_ends_bleed() -> None:
    one = Operation(0.0, (), 1e-3, opened=1.0, periosteum=0.7, marrow=1.0, debris=0.25)
    left = one.leaves(Biology(living_ends=0.2, periosteum=0.5))
    assert (left.living_ends, left.periosteum, left.marrow) == pytest.approx((1.0, 0.35, 1.0))


def test_two_open_operations_of_a_day_are_one_wound(case: Case, site: Anatomy) -> None:
    both = case.with_plan(
        steps=[
            {"kind": "revision_plating", "day": "7 d"},
            {"kind": "autograft", "day": "7 d", "volume": "5 mL"},
        ]
    )
    first, second = (o.operation for o in operations(both, BELIEFS, SETTINGS, site))
    assert (first.debris, second.debris) == (BELIEFS.surgery.debris, 0.0)
    assert (second.opened, second.periosteum) == (0.0, 1.0)
    assert second.holds == first.holds


def test_the_clot_holds_the_progenitors_of_its_marrow(case: Case, site: Anatomy) -> None:
    fresh = Biology(perfusion=0.0, fibrous=0.0, clot=1.0)
    start = CALLUS.begin(site, fresh, NUMBERS)
    new = broken(start, site, fresh, 1.0, CLOT)
    at_gap = np.asarray(site.gap) > 0.99
    # 0.3 of marrow at 0.45 of the crest's 3,000 per mL.
    assert np.asarray(new["progenitor_host"])[at_gap] == pytest.approx(405e-6, rel=0.01)
    reamed = broken(start, site, fresh.model_copy(update={"marrow": 0.0}), 1.0, CLOT)
    assert np.asarray(reamed["progenitor_host"])[at_gap].max() < 1e-6
    dry = filled_with_clot(start, np.zeros(site.grid.shape), 1.0, 1.0, CLOT)
    np.testing.assert_array_equal(dry["clot"], np.asarray(start["clot"]))


def test_surfaces_are_roused_and_come_to_rest() -> None:
    level = NUMBERS["host_level"]
    found = [rousing(day, [10.0], level, CLOT) for day in (9.0, 10.0, 13.0, 100.0)]
    assert found == pytest.approx([1.0, 10.0, 1.0 + 9.0 / np.e, 1.0], rel=1e-6)
