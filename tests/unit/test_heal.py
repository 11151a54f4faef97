"""Unit tests of the healing stage: its days, its injections, and what it hands over."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

from trephine.case.anatomy import Anatomy
from trephine.case.case import Case, read
from trephine.case.course import FROZEN, HealingCourse
from trephine.case.graft import Graft
from trephine.case.plan import Plan
from trephine.case.settings import Settings
from trephine.cli.example import file
from trephine.core.progress import Watch
from trephine.intake.site import anatomy as place
from trephine.models.beliefs import Beliefs
from trephine.models.callus import CALLUS
from trephine.models.healing import advance
from trephine.stages.heal import heal
from trephine.stages.heal.course import Course
from trephine.stages.heal.grafting import injected

DAY = 86400.0
COARSE = Settings.model_validate({"voxel": "4 mm", "margin_axial": "10 mm"})
"""Voxels too wide for medicine, wide enough to count days and cells."""


@cache
def case() -> Case:
    return read(str(file("femur-nonunion")))


@cache
def anatomy() -> Anatomy:
    return place(case().site, COARSE)


@cache
def beliefs() -> Beliefs:
    return Beliefs.printed()


def graft(day: float, *, part: float = 0.5, bone_matrix: float = 0.0) -> Graft:
    """Return an injection that fills a part of the gap, with a share of demineralised bone."""
    fill = part * anatomy().gap
    return Graft(
        day=day * DAY,
        fill=fill,
        progenitors=fill * 2e9,
        nucleated=fill * 3e12,
        clot=0.0 * fill,
        demineralised_bone=bone_matrix * fill,
        cultured=False,
        funnel=(),
        budgets=(),
    )


def course(
    interval: str,
    duration: str,
    *grafts: Graft,
    watch: Watch | None = None,
    settings: Settings = COARSE,
) -> HealingCourse:
    """Return a course with fresh debris, a drug, and loads along the bone and about it."""
    follow_up = {"interval": interval, "duration": duration}
    loads = [
        {"kind": "loading", "day": f"{g.day / DAY!r} d", "body_weights": 0.2, "torsion": "1 N*m"}
        for g in grafts
    ]
    drug = {"kind": "medication", "drug": "nsaid", "day": "0 d", "until": "1.5 d"}
    plan = {"follow_up": follow_up, "steps": [*loads, drug]}
    biology = case().site.biology.model_copy(update={"debris": 0.5})
    return heal(
        patient=case().patient,
        site=case().site.model_copy(update={"biology": biology}),
        anatomy=anatomy(),
        grafts=grafts,
        plan=Plan.model_validate(plan),
        p=beliefs().heal,
        s=settings,
        watch=watch or Watch(),
    )


class Interrupted(Watch):
    """Keep what a course hands over and stop it after some visits."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.state: dict[str, np.ndarray[Any, Any]] | None = None
        self.snapshots: list[Mapping[str, np.ndarray[Any, Any]]] = []

    def keep(
        self,
        index: int,
        day: float,
        fields: Mapping[str, np.ndarray[Any, Any]],
        state: Mapping[str, np.ndarray[Any, Any]],
    ) -> None:
        del day
        self.snapshots.append(fields)
        self.state = {name: np.array(values) for name, values in state.items()}
        if index == self.after:
            raise KeyboardInterrupt

    def restore(self) -> Mapping[str, np.ndarray[Any, Any]] | None:
        return self.state

    def kept(self) -> list[Mapping[str, np.ndarray[Any, Any]]]:
        return list(self.snapshots)


def test_the_engine_is_compiled_once_for_a_course() -> None:
    advance.clear_cache()
    course("1 d", "4 d", graft(1.0))
    assert advance._cache_size() == 1


def test_the_first_visit_is_before_any_healing() -> None:
    """What is shown on day 0 is what the site says, not what a day has made of it."""
    first = {name: values[0] for name, values in course("1 d", "1 d").fields.items()}
    gap = anatomy().gap > 0.99 * anatomy().open
    assert gap.any()
    biology = case().site.biology
    assert first["perfusion"][gap] == pytest.approx(biology.perfusion, rel=0.02)
    assert first["fibrous"][gap] == pytest.approx(biology.fibrous, rel=0.02)
    cells = beliefs().heal.callus.initial_fibroblast * 1e-12
    assert first["fibroblast"][gap] == pytest.approx(cells, rel=0.02)
    assert first["oxygen"][gap].min() > 0
    assert first["oxygen"][gap].min() < 0.95 * first["oxygen"].max()


@pytest.mark.parametrize("day", [1.0, 1.000004, 1.999997])
def test_no_visit_or_injection_is_lost_beside_another_moment(day: float) -> None:
    """Moments less than a second apart are one; every visit and injection still takes place."""
    given = graft(day)
    seen = course("24.0001 h", "48.0002 h", given)
    assert seen.stiffness.size == seen.day.size == 3
    budget = next(b for b in seen.budgets if b.quantity == "progenitor_injected")
    count = given.progenitors.sum() * anatomy().grid.voxel_volume
    injected = count * beliefs().heal.callus.assay_factor
    assert budget.incoming["injected"] == pytest.approx(injected * 1e-6, rel=1e-9)


def test_budgets_close_and_own_up_to_what_found_no_room() -> None:
    first, second = (graft(day, part=1.0, bone_matrix=0.7) for day in (0.0, 1.0))
    seen = course("1 d", "2 d", first, second)
    assert all(budget.closes(1e-9) for budget in seen.budgets)
    budget = next(b for b in seen.budgets if b.quantity == "demineralised_bone")
    volume = 1.4 * anatomy().gap.sum() * anatomy().grid.voxel_volume * 1e6
    assert budget.incoming["injected"] == pytest.approx(volume, rel=1e-6)
    assert budget.outgoing["found no room"] == pytest.approx(0.558, abs=0.005)
    assert seen.fields["demineralised_bone"].max() <= 1.0


def test_an_interrupted_course_ends_with_the_same_bits() -> None:
    grafts = (graft(0.0), graft(4.5, bone_matrix=0.5))
    whole = course("2 d", "6 d", *grafts)
    watch = Interrupted(after=2)
    with pytest.raises(KeyboardInterrupt):
        course("2 d", "6 d", *grafts, watch=watch)
    watch.after = -1
    broken = course("2 d", "6 d", *grafts, watch=watch)
    for name, values in whole.fields.items():
        assert values.tobytes() == broken.fields[name].tobytes(), name
    for name in FROZEN:
        assert getattr(whole, name).tobytes() == getattr(broken, name).tobytes(), name
    assert {n: v.tolist() for n, v in whole.spent.items()} == {
        n: v.tolist() for n, v in broken.spent.items()
    }
    assert whole.budgets == broken.budgets


@pytest.mark.parametrize(
    "lost",
    [
        "state/osteoblast",
        "fast/oxygen",
        "history/oxygen/start",
        "strain/distortion",
        "unit_displacement",
        "inflammation/debris",
        "step",
        "felt_day",
    ],
)
def test_the_check_rejects_a_checkpoint_with_a_part_forgotten(lost: str) -> None:
    grafts = (graft(0.0), graft(4.5, bone_matrix=0.5))
    whole = course("2 d", "6 d", *grafts)
    watch = Interrupted(after=2)
    with pytest.raises(KeyboardInterrupt):
        course("2 d", "6 d", *grafts, watch=watch)
    watch.after = -1
    assert watch.state is not None
    watch.state[lost] = 0.5 * watch.state[lost]
    broken = course("2 d", "6 d", *grafts, watch=watch)
    same = [v.tobytes() == broken.fields[n].tobytes() for n, v in whole.fields.items()]
    assert not all(same)


def test_rates_in_single_precision_change_next_to_nothing() -> None:
    single, double = (
        course("7 d", "28 d", graft(0.0), settings=COARSE.model_copy(update={"rates": rates}))
        for rates in ("single", "double")
    )
    laid = "woven/osteoblasts lay bone"
    bone, more = (float(seen.spent[laid][-1]) for seen in (single, double))
    assert more > 1e-3
    assert bone == pytest.approx(more, rel=1e-5)
    assert bone != more, "the setting did nothing"
    assert all(budget.closes(1e-8) for budget in single.budgets)
    np.testing.assert_allclose(single.stiffness, double.stiffness, rtol=1e-4)


def test_an_injection_into_grown_bone_finds_no_room() -> None:
    placed = Course(
        case().patient, case().site, anatomy(), (), case().plan, beliefs().heal, COARSE, CALLUS
    )
    half = {**placed.start, "woven": 0.8 + 0.0 * placed.start["woven"]}
    ledger: dict[str, float] = {}
    given = graft(100.0, part=0.5)
    state = injected(CALLUS, half, given, placed.tissue, placed.box, placed.p, ledger)
    brought = ledger["progenitor_injected/injected"]
    assert brought > 0
    lost = ledger["progenitor_injected/found no room"]
    # A fifth of the tissue gives way: a voxel all of gap, of which half was to be filled, keeps
    # two fifths of its cells; a voxel partly of gap keeps more.
    assert -0.6 * brought < lost < -0.4 * brought
    inside = float(np.asarray(state["progenitor_injected"] * placed.tissue.open).sum())
    assert inside * float(placed.tissue.spacing) ** 3 == pytest.approx(brought + lost, rel=1e-9)
