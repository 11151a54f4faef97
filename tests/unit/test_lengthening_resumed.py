"""A lengthening that stopped goes on at the length it had; the biology here is a stand-in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trephine.case.case import of_any_kind
from trephine.case.document import validate
from trephine.case.regenerate import RegenerateCase
from trephine.case.settings import Settings
from trephine.catalogue.load import catalogue
from trephine.cli import example
from trephine.core.progress import Watch
from trephine.core.types import Budget
from trephine.intake.regenerate import domain
from trephine.models.beliefs import Beliefs
from trephine.models.model import Fast
from trephine.models.reading import Reading
from trephine.models.regenerate import RegenerateParameters
from trephine.pipeline.lengthening_notices import of_budgets
from trephine.stages.heal import course
from trephine.stages.heal.lengthening import Lengthened, Lengthening, lengthen
from trephine.stages.heal.mechanics import Mechanics

Arrays = Mapping[str, np.ndarray[Any, Any]]
SETTINGS = validate(Settings, {"voxel": "4 mm", "margin_radial": "8 mm"}, "settings")
BELIEFS = Beliefs.printed()
NUMBERS = Reading(catalogue()).fill(RegenerateParameters)
VISITS = 5
SIX = np.eye(6)
DURING, AFTER, AT_THE_END = 2, 4, VISITS
"""Visits kept before the stop: in the distraction (day 7 to 15), after it, and all of them."""


def lengthening() -> RegenerateCase:
    """Return the example with 8 mm to gain, four weeks long, without an injection."""
    data = tomllib.loads(example.written("tibia-lengthening"))
    data["plan"] = {
        "follow_up": {"duration": "4 wk", "interval": "1 wk"},
        "steps": [
            {"kind": "loading", "day": "0 d", "body_weights": 0.1},
            {"kind": "distraction", "day": "7 d", "length": "8 mm", "rhythm": 4},
        ],
    }
    case = of_any_kind(data, "short")
    assert isinstance(case, RegenerateCase)
    return case


class Kept(Watch):
    """Keep every visit, and give back the first of them to another attempt."""

    def __init__(self, earlier: list[tuple[Arrays, Arrays]] | None = None) -> None:
        self.earlier = earlier or []
        self.all = list(self.earlier)

    def keep(self, index: int, day: float, fields: Arrays, state: Arrays) -> None:
        del index, day
        self.all.append((dict(fields), dict(state)))

    def restore(self) -> Arrays | None:
        return self.earlier[-1][1] if self.earlier else None

    def kept(self) -> list[Arrays]:
        return [fields for fields, _ in self.earlier]


def ran(watch: Watch) -> Lengthened:
    case = lengthening()
    longest = case.site.osteotomy + case.distraction.length
    return lengthen(
        patient=case.patient,
        fixation=case.site.fixation,
        biology=case.site.biology.model_copy(update={"debris": 1.0}),
        domain=domain(case.site, longest, SETTINGS, NUMBERS),
        osteotomy=case.site.osteotomy,
        distraction=case.distraction,
        grafts=(),
        plan=case.plan,
        p=BELIEFS.heal,
        injury=BELIEFS.injury,
        s=SETTINGS,
        watch=watch,
    )


def bred(_: object, state: Arrays, fast: Fast, **about: Any) -> SimpleNamespace:
    """Stand in for the biology: progenitors grow by a share of what there is, and are entered."""
    room = np.asarray(about["tissue"].open) * float(about["tissue"].spacing) ** 3
    more = 0.01 * np.asarray(state["progenitor_host"]) * (room > 0)
    return SimpleNamespace(
        failed=False,
        memory=fast,
        state={**state, "progenitor_host": state["progenitor_host"] + more},
        step=1.0,
        ledger={"progenitor_host/divided": float((more * room).sum())},
    )


@pytest.fixture
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course, "advance", bred)
    monkeypatch.setattr(course, "balanced", lambda *about: about[4])
    monkeypatch.setattr(Mechanics, "feel", lambda *_, **__: None)
    monkeypatch.setattr(
        Mechanics,
        "examine",
        lambda _, now, day: (now.examined.append(day), now.matrices.append(SIX)),
    )


def worst(done: Lengthened) -> float:
    return max(budget.imbalance for budget in done.course.budgets)


@pytest.mark.usefixtures("_stand_in")
@pytest.mark.parametrize("visits", [DURING, AFTER, AT_THE_END])
def test_a_lengthening_stopped_anywhere_ends_with_the_same_numbers(
    visits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Kept()
    done = ran(whole)
    assert len(whole.all) == VISITS
    assert worst(done) < 1e-9
    again = Kept(whole.all[:visits])
    back = ran(again)
    assert back.course.budgets == done.course.budgets
    for name, values in whole.all[-1][1].items():
        np.testing.assert_array_equal(again.all[-1][1][name], values, err_msg=name)
    if visits == AT_THE_END:
        # Sabotage: a course that ends at the length of day 0 counts the cells of a sliver.
        monkeypatch.setattr(Lengthening, "_finished", course.Course._finished)
        assert worst(ran(Kept(whole.all))) > 0.1
    if visits == AFTER:
        # Sabotage: a host that still looks into the room of day 0 meets other cells.
        monkeypatch.setattr(Lengthening, "_take_up", forgetful)
        broken = Kept(whole.all[:visits])
        ran(broken)
        host = [n for n in whole.all[-1][1] if n.startswith("inflammation/")]
        assert any(broken.all[-1][1][n] != whole.all[-1][1][n] for n in host)


def forgetful(self: Lengthening, now: Any) -> None:
    """Sabotage: take up the length of the site and leave the host at that of day 0."""
    self.count, self.share = self.domain.slices(self.length(now.day))
    self._place()


def test_budgets_that_do_not_close_are_told() -> None:
    closed = Budget("clot", "mL", {"there on day 0": 1.0}, {"there at the end": 1.0 - 1e-9})
    leaky = Budget("woven", "mL", {"there on day 0": 1.0}, {"there at the end": 0.35})
    assert of_budgets([closed]) == []
    (told,) = of_budgets([closed, leaky])
    assert "1 of 2 budgets" in told
    assert "woven" in told
    assert "65 %" in told
