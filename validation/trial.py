"""Owns one course of the checks: what it changes in an example, and what came out."""

from __future__ import annotations

import dataclasses
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.case import Case, read
from trephine.case.course import HealingCourse
from trephine.case.graft import Graft
from trephine.case.settings import Settings
from trephine.cli.example import file
from trephine.cli.overrides import changed
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.intake.site import anatomy as place
from trephine.models.aspiration import draw_donor
from trephine.models.beliefs import Beliefs
from trephine.models.library import model_named
from trephine.models.model import HealingModel
from trephine.models.remodelling import DISUSE_RESORPTION
from trephine.models.vessels import SPROUTING, VESSEL_GROWTH, VESSEL_INGROWTH
from trephine.stages import deliver, follow, harvest, heal, process

Outcome = dict[str, Any]

INJECTION = "plan.steps.3"
"""Where the tibia example has its one injection; its three loads come first."""
NO_CELLS = f"{INJECTION}="
"""Takes the injection out of the tibia example."""
PLAIN = "patient.smoker=false"
"""Lets the patient of the tibia example not smoke."""
FRESH = (PLAIN, NO_CELLS, "site.biology.debris=1")
"""A fresh fracture without cells, in one who does not smoke."""
LOADINGS = range(3)
"""Places of its loads."""
VESSELS = (SPROUTING.name, VESSEL_INGROWTH.name, VESSEL_GROWTH.name)
"""Terms of the vessels."""


@dataclass(frozen=True)
class Trial:
    """One course of treatment, told by what it changes.

    Parameters
    ----------
    sets
        Changes of the case, as for ``trephine run --set``.
    dose
        Factor on the cells that stay at the lesion.
    voxel
        Edge of a voxel [mm].
    drugs
        Drugs taken from day 0, each with the first day without it [d].
    numbers
        Numbers of healing put in place of the catalogue's, by ``section.name`` [SI].
    without
        Terms of the healing model left out.
    moves
        How far the bone ends move on day 0; the fixation is made so stiff. As the case says if 0
        [mm].
    twist
        One of :data:`TWISTS`: a change of the healing model that no term holds.
    model
        The healing model.
    example
        The case it starts from.
    seed
        Luck of donor and needle.
    """

    sets: tuple[str, ...] = ()
    dose: float = 1.0
    voxel: float = 2.0
    drugs: tuple[tuple[str, float], ...] = ()
    numbers: tuple[tuple[str, float], ...] = ()
    without: tuple[str, ...] = ()
    twist: str = ""
    moves: float = 0.0
    model: str = "callus"
    example: str = "tibia-nonunion"
    seed: int = 0

    def but(self, **changes: Any) -> Trial:  # noqa: ANN401  (any of the fields)
        """Return the trial with some fields replaced; ``sets`` are added to what is there."""
        changes["sets"] = (*self.sets, *changes.get("sets", ()))
        return dataclasses.replace(self, **changes)

    @property
    def written(self) -> str:
        """Everything that tells this trial from another, as one line."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @property
    def cost(self) -> float:
        """How long it takes, in arbitrary units."""
        return self.voxel**-3

    @property
    def kind(self) -> str:
        """What is compiled for it."""
        return f"{self.model} {self.twist} {self.without} {self.voxel} {self.sets}"

    def compute(self) -> Outcome:
        """Return what came out."""
        began = time.perf_counter()
        case, settings, beliefs = self.case(), self.settings(), self.beliefs()
        if self.moves:
            case = self._moving(case, settings, beliefs)
        anatomy, course = self._healed(case, settings, beliefs)
        seen = follow.follow(
            course=course,
            anatomy=anatomy,
            side=case.site.side,
            p=beliefs.follow,
            rng=Streams(self.seed).named("film"),
        )
        return {
            "union": seen.union_week,
            "week": [float(week) for week in seen.week],
            "callus": [float(v) * 1e6 for v in seen.callus_volume],
            "mrust": [float(v) for v in seen.mrust],
            "stiffness": [float(v) * 1e-3 for v in course.stiffness],
            "movement": [float(v) * 1e3 for v in course.movement],
            "fixation": course.fixation_stiffness * 1e-3,
            "retained": self._kept(case, settings, beliefs),
            "gap": in_the_gap(course, anatomy),
            "imbalance": max((abs(b.imbalance) for b in course.budgets), default=0.0),
            "voxels": list(anatomy.grid.shape),
            "seconds": time.perf_counter() - began,
        }

    def _healed(
        self, case: Case, settings: Settings, beliefs: Beliefs
    ) -> tuple[Anatomy, HealingCourse]:
        anatomy, grafts = self.treated(case, settings, beliefs)
        course = heal.heal(
            patient=case.patient,
            site=case.site,
            anatomy=anatomy,
            grafts=grafts,
            plan=case.plan,
            p=beliefs.heal,
            s=settings,
            watch=Watch(),
            model=healing_model(self.model, self.without, self.twist),
        )
        return anatomy, course

    def _kept(self, case: Case, settings: Settings, beliefs: Beliefs) -> list[float]:
        anatomy, grafts = self.treated(case, settings, beliefs)
        return [float(g.progenitors.sum()) * anatomy.grid.voxel_volume for g in grafts]

    def _moving(self, case: Case, settings: Settings, beliefs: Beliefs) -> Case:
        """Return the case with a fixation that lets the bone ends move so far at first."""
        now = [s for s in case.plan.as_written()["steps"] if s["day"] == "0 d"]
        first = case.with_plan(steps=now, follow_up={"duration": "1 wk", "interval": "1 wk"})
        _, course = self._healed(first, settings, beliefs)
        stiffness = course.force[0] / (self.moves * 1e-3) - course.stiffness[0]
        stated = f"{stiffness * 1e-3:.6g} N/mm"
        return case.changed({"site": {"fixation": {"axial_stiffness": stated}}})

    def case(self) -> Case:
        """Return the case with its changes."""
        case = changed(read(str(file(self.example))), self.sets, self.example)
        given = [
            {"kind": "medication", "drug": drug, "day": "0 d", "until": f"{until:g} d"}
            for drug, until in self.drugs
        ]
        return case.with_plan(steps=[*case.plan.as_written()["steps"], *given]) if given else case

    def settings(self) -> Settings:
        """Return the numerics; the tissue is examined in all six ways only at either end."""
        return Settings.model_validate(
            {"voxel": f"{self.voxel:g} mm", "margin_axial": "18 mm", "examination": "520 wk"}
        )

    def beliefs(self) -> Beliefs:
        """Return the catalogue's numbers, some of healing replaced."""
        beliefs = Beliefs.printed()
        healing = beliefs.heal
        for where, value in self.numbers:
            section, name = where.split(".")
            part = dataclasses.replace(getattr(healing, section), **{name: value})
            healing = dataclasses.replace(healing, **{section: part})
        return dataclasses.replace(beliefs, heal=healing)

    def treated(
        self, case: Case, settings: Settings, beliefs: Beliefs
    ) -> tuple[Anatomy, list[Graft]]:
        """Return the site and its grafts, with the luck that ``trephine run`` gives them."""
        anatomy, streams = place(case.site, settings), Streams(self.seed)
        donor = draw_donor(beliefs.harvest, streams.named("donor"))
        grafts, met = [], Counter[tuple[str, str]]()
        for step in case.plan.injections:
            which = (f"day {step.day / 86400:g}", step.process.method)
            luck = streams.within(*which, met[which])
            met[which] += 1
            aspirate = harvest.harvest(
                patient=case.patient,
                plan=step.harvest,
                p=beliefs.harvest,
                donor=donor,
                rng=luck.named("needle"),
            )
            concentrate = process.process(
                aspirate=aspirate, plan=step.process, p=beliefs.process, rng=luck.named("device")
            )
            graft = deliver.deliver(
                concentrate=concentrate,
                anatomy=anatomy,
                plan=step.deliver,
                day=step.day,
                held=step.waiting,
                p=beliefs.deliver,
                s=settings,
                rng=luck.named("placement"),
            )
            grafts.append(
                dataclasses.replace(
                    graft,
                    progenitors=self.dose * graft.progenitors,
                    nucleated=self.dose * graft.nucleated,
                )
            )
        return anatomy, grafts


@cache
def healing_model(name: str, left_out: tuple[str, ...], twist: str) -> HealingModel:
    """Return a healing model with its changes; the same one each time, for it is compiled once."""
    model = model_named(name)
    if left_out:
        model = model.without(*left_out)
    return TWISTS[twist](model) if twist else model


def held(load: float, stiffness: float) -> tuple[str, ...]:
    """Return a constant axial load [body weights] on an axial stiffness [N/mm], as changes."""
    loads = (f"plan.steps.{number}.body_weights={load:g}" for number in LOADINGS)
    return (*loads, f"site.fixation.axial_stiffness={stiffness:g} N/mm")


def in_the_gap(course: HealingCourse, anatomy: Anatomy) -> dict[str, list[float]]:
    """Return what the gap holds at each visit, as means over its open volume."""
    share = anatomy.gap / anatomy.gap.sum()
    names = ("fibrous", "cartilage", "woven", "lamellar", "perfusion", "strain", "oxygen")
    held = {}
    for name in names:
        if name in course.fields:
            held[name] = [float(v) for v in np.tensordot(course.fields[name], share, axes=3)]
    return held


def _always_arterial(model: HealingModel) -> HealingModel:
    """Return the model with arterial oxygen everywhere and always."""

    def settle(s: Any, tissue: Any, p: Any, fast: Any, tolerance: Any) -> Any:  # noqa: ANN401
        settled = model.settle(s, tissue, p, fast, tolerance)
        oxygen = jnp.zeros_like(settled.fields["oxygen"]) + p["arterial_oxygen"]
        return settled._replace(fields={**settled.fields, "oxygen": oxygen})

    return dataclasses.replace(model, settle=settle)


def _rigid(model: HealingModel) -> HealingModel:
    """Return the model whose cells feel no strain, and whose bone needs none to stay."""

    def feel(s: Any, fast: Any, strain: Any, tissue: Any, p: Any) -> Any:  # noqa: ANN401
        none = strain._replace(**{name: 0.0 * u for name, u in strain._asdict().items()})
        return model.feel(s, fast, none, tissue, p)

    return dataclasses.replace(model.without(DISUSE_RESORPTION.name), feel=feel)


def _without_vessels_on_day_0(model: HealingModel) -> HealingModel:
    """Return the model that begins without any perfusion."""

    def begin(anatomy: Any, biology: Any, p: Any) -> Any:  # noqa: ANN401
        state = model.begin(anatomy, biology, p)
        return {**state, "perfusion": 0.0 * state["perfusion"]}

    return dataclasses.replace(model, begin=begin)


TWISTS: dict[str, Callable[[HealingModel], HealingModel]] = {
    "always arterial": _always_arterial,
    "no strain": _rigid,
    "no vessels on day 0": _without_vessels_on_day_0,
}
"""Changes of the healing model by name."""
