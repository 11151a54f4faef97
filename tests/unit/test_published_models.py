"""Unit tests of the library of models: each runs the same coarse case and keeps its accounts."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from trephine.case.anatomy import Anatomy
from trephine.case.case import Case, read
from trephine.case.course import UNITS, HealingCourse
from trephine.case.graft import Graft
from trephine.case.plan import Plan
from trephine.case.settings import ModelName, Settings
from trephine.catalogue.load import catalogue
from trephine.cli.example import file
from trephine.core.errors import InputError
from trephine.core.progress import Watch
from trephine.intake.site import anatomy as place
from trephine.models.beliefs import Beliefs
from trephine.models.callus import CALLUS
from trephine.models.library import MODELS, model_named, notices_of, numbers_of
from trephine.models.model import Fast, Strain
from trephine.models.published import claes_heigele, fuzzy, lacroix_prendergast
from trephine.models.published.fuzzy import Change
from trephine.models.published.ulm import ULM
from trephine.stages.heal import heal
from trephine.stages.heal.course import Course, numbers_of_model

DAY = 86400.0
COARSE = Settings.model_validate({"voxel": "4 mm", "margin_axial": "10 mm"})
PUBLISHED = [name for name in MODELS if name != "callus"]


@cache
def case() -> Case:
    return read(str(file("femur-nonunion")))


@cache
def anatomy() -> Anatomy:
    return place(case().site, COARSE)


@cache
def beliefs() -> Beliefs:
    return Beliefs.printed()


def graft(day: float) -> Graft:
    fill = 0.5 * anatomy().gap
    return Graft(
        day=day * DAY,
        fill=fill,
        progenitors=fill * 2e9,
        nucleated=fill * 3e12,
        clot=0.0 * fill,
        demineralised_bone=0.0 * fill,
        cultured=False,
        funnel=(),
        budgets=(),
    )


def plan(interval: str, duration: str) -> Plan:
    follow_up = {"interval": interval, "duration": duration}
    loading = {"kind": "loading", "day": "0 d", "body_weights": 0.5}
    return Plan.model_validate({"follow_up": follow_up, "steps": [loading]})


def course(name: str, interval: str, duration: str, watch: Watch | None = None) -> HealingCourse:
    return heal(
        patient=case().patient,
        site=case().site,
        anatomy=anatomy(),
        grafts=[graft(0.0), graft(3.0)],
        plan=plan(interval, duration),
        p=beliefs().heal,
        s=COARSE,
        watch=watch or Watch(),
        model=model_named(name),
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


def test_the_settings_know_the_models_of_the_library() -> None:
    assert typing.get_args(ModelName) == tuple(MODELS)
    assert all(model.name == name for name, model in MODELS.items())


def test_an_unknown_model_is_refused_with_the_names() -> None:
    with pytest.raises(InputError, match=r"no model 'ulmm'; did you mean 'ulm'\? \(callus, "):
        model_named("ulmm")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_says_what_it_is(name: str) -> None:
    model = MODELS[name]
    assert set(model.names) <= set(UNITS)
    assert set(model.sources) <= set(catalogue().sources)
    assert len({term.name for term in model.terms}) == len(model.terms)
    assert {f for term in model.terms for f in term.touches} <= set(model.names)
    if name != "callus":
        assert model.sources
        assert model.leaves_out


@pytest.mark.parametrize("name", PUBLISHED)
def test_two_weeks_of_a_model_keep_their_accounts(name: str) -> None:
    seen = course(name, "1 wk", "2 wk")
    assert seen.day.size == 3
    assert all(budget.closes(1e-9) for budget in seen.budgets)
    for field, values in seen.fields.items():
        assert np.isfinite(values).all(), field
        if field not in ("dilatation", "pressure"):
            assert values.min() >= 0, field
    assert (seen.stiffness > 0).all()
    bone = seen.fields["mineralised"]
    assert bone[0].max() == 0
    assert bone[-1].max() <= 1


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_term_changes_what_it_says_and_conserves_what_it_says(name: str) -> None:
    model = MODELS[name]
    placed = Course(
        case().patient,
        case().site,
        anatomy(),
        (),
        plan("1 d", "1 d"),
        beliefs().heal,
        COARSE,
        model,
    )
    luck = np.random.default_rng(4)
    inside = np.asarray(placed.tissue.open) > 0
    share = {n: jnp.asarray(luck.uniform(0.05, 0.2, inside.shape) * inside) for n in placed.start}
    strain = Strain(*(jnp.asarray(luck.uniform(0, 0.1, inside.shape)) for _ in Strain._fields))
    rest = Fast(model.at_rest(inside.shape, placed.p), jnp.zeros(()))
    felt = model.feel(share, rest, strain, placed.tissue, placed.p)
    volume = placed.tissue.open
    for term in model.terms:
        changes = term.rate(share, felt, placed.tissue, placed.p)
        assert set(changes) <= set(term.touches), term.name
        total = sum(np.asarray(rate) for rate in changes.values())
        size = sum(float(np.abs(rate).max()) for rate in changes.values()) + 1e-30
        if term.conserves in ("cells", "volume"):
            assert np.abs(total).max() < 1e-12 * size, term.name
        if term.conserves == "total":
            for rate in changes.values():
                assert abs(float((rate * volume).sum())) < 1e-9 * size, term.name


def test_an_interrupted_course_of_a_published_model_ends_with_the_same_bits() -> None:
    whole = course("ulm", "1 d", "5 d")
    watch = Interrupted(after=2)
    with pytest.raises(KeyboardInterrupt):
        course("ulm", "1 d", "5 d", watch)
    watch.after = -1
    broken = course("ulm", "1 d", "5 d", watch)
    for name, values in whole.fields.items():
        assert values.tobytes() == broken.fields[name].tobytes(), name
    assert whole.budgets == broken.budgets


def test_a_run_holds_the_numbers_of_its_model_alone() -> None:
    used = beliefs().used
    ours, rules = (numbers_of(MODELS[name], used) for name in ("callus", "ulm"))
    assert "ulm.low_full" in rules
    assert "ulm.low_full" not in ours
    assert "host.smoking_progenitors" not in rules
    assert any(key.startswith("trejo.") for key in ours)
    assert not any(key.startswith("trejo.") for key in rules)
    assert any(key.startswith("fixation.") for key in rules)


def test_a_model_without_cells_says_so_of_an_injection() -> None:
    said = notices_of(MODELS["ulm"], is_injected=True)
    assert any("the injections change nothing" in words for words in said)
    assert not any("injection" in words for words in notices_of(ULM, is_injected=False)[1:])
    assert any("progenitors alone" in w for w in notices_of(MODELS["trejo-2019"], is_injected=True))
    assert notices_of(CALLUS, is_injected=True) == ()


def test_an_injection_changes_nothing_under_rules_without_cells() -> None:
    seen = course("ulm", "1 d", "1 d")
    assert not any("inject" in way for budget in seen.budgets for way in budget.incoming)


def strained(distortion: float, pressure: float) -> Strain:
    return Strain(jnp.asarray(distortion), jnp.asarray(0.0), jnp.asarray(pressure))


BINS = [
    (lacroix_prendergast, "lacroix-prendergast", 0.0397, 0.0, (1, 0)),
    (lacroix_prendergast, "lacroix-prendergast", 0.0399, 0.0, (0, 1)),
    (lacroix_prendergast, "lacroix-prendergast", 0.1192, 0.0, (0, 1)),
    (lacroix_prendergast, "lacroix-prendergast", 0.1195, 0.0, (0, 0)),
    (claes_heigele, "claes-heigele", 0.049, 0.149, (1, 0)),
    (claes_heigele, "claes-heigele", 0.049, -0.149, (1, 0)),
    (claes_heigele, "claes-heigele", 0.049, 0.151, (0, 1)),
    (claes_heigele, "claes-heigele", 0.049, -0.151, (0, 0)),
    (claes_heigele, "claes-heigele", 0.051, 0.149, (0, 0)),
    (claes_heigele, "claes-heigele", 0.149, 0.151, (0, 1)),
    (claes_heigele, "claes-heigele", 0.151, 0.151, (0, 0)),
]


@pytest.mark.parametrize(("rules", "name", "distortion", "pressure", "bins"), BINS)
def test_bins_lie_where_they_were_published(
    rules: Any, name: str, distortion: float, pressure: float, bins: tuple[int, int]
) -> None:
    """Octahedral shear of 0.0375 is a uniaxial strain of 0.0375 / 0.943 = 0.0398."""
    p = numbers_of_model(beliefs().heal, MODELS[name])
    bone, cartilage = rules.bins(strained(distortion, pressure), p)
    assert (float(bone), float(cartilage)) == bins


@pytest.mark.parametrize(
    "change", [Change(2.5, 7.5, 10.0), Change(0.0, 5.0, 5.0), Change(5, 25, 30)]
)
@pytest.mark.parametrize("firing", [0.1, 0.6, 1.0])
def test_the_centroid_of_a_clipped_set_is_that_of_a_plain_sum(
    change: Change, firing: float
) -> None:
    fine = np.linspace(0.0, change.most, 200_001)
    member = np.minimum(np.clip((fine - change.least) / (change.full - change.least), 0, 1), firing)
    area, moment = fuzzy.clipped(jnp.asarray(firing), change)
    step = fine[1]
    assert float(area) == pytest.approx(member.sum() * step, rel=1e-3)
    assert float(moment) == pytest.approx((member * fine).sum() * step, rel=1e-3)


def test_rules_against_each_other_meet_between() -> None:
    grown = Change(5.0, 25.0, 30.0)
    one, none, half = (jnp.asarray(v) for v in (1.0, 0.0, 0.5))
    assert float(fuzzy.centroid(one, grown, one, grown, 0.05)) == pytest.approx(0.0, abs=1e-6)
    assert float(fuzzy.centroid(none, grown, none, grown, 0.05)) == 0.0
    up, mixed = (fuzzy.centroid(one, grown, d, grown, 0.05) for d in (none, half))
    assert 0 < float(mixed) < float(up) < 30
