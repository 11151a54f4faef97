"""The days of one course: march, inject, feel, visit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.course import HealingCourse
from trephine.case.graft import Graft
from trephine.case.patient import Patient
from trephine.case.plan import Plan
from trephine.case.settings import Settings
from trephine.case.site import Site
from trephine.core.errors import SolverError
from trephine.core.progress import Watch
from trephine.core.types import Budget
from trephine.models.callus import in_engine_units, tissue_of
from trephine.models.fixation import in_si
from trephine.models.healing import HealParameters, advance, balanced
from trephine.models.injury import InjuryParameters
from trephine.models.model import Fast, HealingModel, Strain
from trephine.models.surgery import Operated, bone_in_gap
from trephine.models.tissue import Box, within
from trephine.stages.heal.grafting import injected
from trephine.stages.heal.host import Host
from trephine.stages.heal.mechanics import Mechanics
from trephine.stages.heal.moment import Moment
from trephine.stages.heal.operating import accounted, broken, entered, operated_on

DAY = 86400.0
SECOND = 1.0 / DAY
MARGIN_MM = 1.5
"""How much of the perfused surroundings the biology keeps around the healing tissue, rounded up to
whole voxels: the response to oxygen at the rim is then within 1 % of that in all of them."""

STRAINS = {"distortion": "strain", "dilatation": "dilatation", "pressure": "pressure"}
"""Invariants of the strain, and what a snapshot calls them."""


class Course:
    """The fixed parts of one course, and the loop over its days."""

    def __init__(
        self,
        patient: Patient,
        site: Site,
        anatomy: Anatomy,
        grafts: tuple[Graft, ...],
        plan: Plan,
        p: HealParameters,
        s: Settings,
        model: HealingModel,
        injury: InjuryParameters | None = None,
        operated: tuple[Operated, ...] = (),
    ) -> None:
        self.plan, self.s, self.anatomy, self.grafts, self.model = plan, s, anatomy, grafts, model
        self.p, self.operated = numbers_of_model(p, model), operated
        self.biology = site.biology
        healing = np.asarray(anatomy.healing)
        margin = MARGIN_MM / (anatomy.grid.spacing * 1e3)
        self.box = _window(healing > 1e-9, margin, 1 if s.sides is None else s.sides)
        self.tissue = within(tissue_of(anatomy, site.biology), self.box)
        self.begun = self.tissue.open
        self.host = Host(patient, plan, p, self.p, model, self.tissue, injury)
        start = model.begin(anatomy, site.biology, self.host.at_rest())
        if model.takes_host and site.biology.clot:
            potency, clot = self.host.potency(), self.host.of_injury()
            start = broken(start, anatomy, site.biology, potency, clot)
            self.host.injuries.append(0.0)
        self.start = {name: u[self.box] for name, u in start.items()}
        self.debris = site.biology.debris
        self.mechanics = Mechanics(
            patient, site.fixation, anatomy, plan, p, self.p, s, model, self.box
        )
        self.visits = [k * plan.follow_up.interval / DAY for k in range(plan.follow_up.visits + 1)]
        self.stops = self._stops()
        self._look_at(anatomy)

    def run(self, watch: Watch) -> HealingCourse:
        """Return the course."""
        kept = watch.restore()
        now = self._begin() if kept is None else Moment.restored(kept)
        if kept is not None:
            for one in self.operated:
                if self._stop_of(one.operation.day) <= now.day:
                    self._become(one)
        fields: dict[str, np.ndarray[Any, Any]] = {}
        for index, shot in enumerate(() if kept is None else watch.kept()):
            self._store(fields, index, shot)
        last = self.visits[-1]
        watch.progress("heal", now.day, last)
        for day in self.stops:
            if kept is not None and day <= now.day:
                continue
            if day > now.day:
                self._march(now, day)
            is_operated = self._operate(now, day)
            self._inject(now, day, anew=is_operated)
            is_visit = now.visits < len(self.visits) and day >= self.visits[now.visits] - 1e-9
            self.mechanics.feel(now, day, anew=is_visit)
            if is_visit:
                if self._is_examined(now, day):
                    self.mechanics.examine(now, day)
                shot = self._visit(now)
                self._store(fields, now.visits - 1, shot)
                watch.keep(now.visits - 1, day, shot, now.saved())
            watch.progress("heal", day, last, f"day {day:.0f} of {last:.0f}")
        return self._finished(now, fields)

    def _store(
        self, fields: dict[str, np.ndarray[Any, Any]], index: int, shot: Mapping[str, Any]
    ) -> None:
        """Put a snapshot into the arrays of the course, which are made once at full length."""
        for name, values in shot.items():
            if name not in fields:
                fields[name] = np.empty((len(self.visits), *values.shape), np.float32)
            fields[name][index] = values

    def _stops(self) -> list[float]:
        """Return the days on which something happens: each visit, step of the plan, whole day.

        What lies within a second of a visit happens at the visit, and there is nothing after
        the last one.
        """
        stops = np.asarray(self.visits)
        ends = [m.until / DAY for m in self.plan.medications if m.until is not None]
        steps = [*(s.day / DAY for s in self.plan.steps), *ends]
        for more in (steps, np.arange(stops[-1])):
            if not len(more):
                continue
            apart = np.abs(np.subtract.outer(np.asarray(more), stops)).min(axis=1) > SECOND
            stops = np.concatenate([stops, np.asarray(more)[apart]])
        return [float(day) for day in np.unique(stops) if day <= self.visits[-1]]

    def _stop_of(self, time: float) -> float:
        """Return the stop nearest to a time [s]."""
        stops = np.asarray(self.stops)
        return float(stops[np.abs(stops - time / DAY).argmin()])

    def _due(self, day: float) -> list[Graft]:
        """Return the injections whose nearest stop this is."""
        return [graft for graft in self.grafts if self._stop_of(graft.day) == day]

    def _begin(self) -> Moment:
        nx, ny, nz = self.anatomy.grid.shape
        shape, ways = self.tissue.open.shape, len(self.mechanics.motions)
        nothing = Strain(*(jnp.zeros(shape) for _ in Strain._fields))
        return Moment(
            state=self.start,
            fast=Fast(self.model.at_rest(shape, self.p), jnp.zeros(())),
            strain=nothing,
            unit_displacement=jnp.zeros((ways, 3, nx + 1, ny + 1, nz + 1)),
            unit_strain=(jnp.zeros(shape), jnp.zeros(shape)),
            solved_modulus=jnp.zeros((nx, ny, nz)),
            tissue_stiffness=np.zeros((ways, ways)),
            direction=np.zeros(ways),
            inflammation=self.host.at_day_0(self.debris),
        )

    def _march(self, now: Moment, day: float) -> None:
        """Advance the biology to a day."""
        marched = advance(
            self.model,
            now.state,
            now.fast,
            strain=now.strain,
            tissue=self.tissue,
            p=self.host.numbers(now),
            duration=jnp.asarray(day - now.day),
            step=jnp.asarray(now.step),
            longest=jnp.asarray(self.s.longest_step / DAY),
            tolerance=jnp.asarray(self.s.elliptic_tolerance),
            relative=self.s.step_tolerance,
            precision=self.s.rates,
        )
        if bool(marched.failed):
            raise SolverError(f"the time step fell below its limit on day {day:.2f}")
        residual = float(marched.memory.residual)
        if not residual <= self.s.elliptic_tolerance:
            named = " or ".join(self.model.fast)
            raise SolverError(f"{named} did not settle by day {day:.2f}", [residual])
        self.host.wait(now, day - now.day)
        now.state, now.fast = marched.state, marched.memory
        now.step = float(marched.step)
        for name, amount in marched.ledger.items():
            now.ledger[name] = now.ledger.get(name, 0.0) + float(amount)
        now.day = day

    def _look_at(self, anatomy: Anatomy) -> None:
        """Show the tissue of a site per room of day 0, and bone that moved into it as such."""
        healing, room = np.asarray(anatomy.healing), np.asarray(self.anatomy.open)
        shown = np.where(room > 0, healing / np.where(room > 0, room, 1.0), 0.0)
        if anatomy is not self.anatomy:
            shown = np.minimum(shown, 1.0)
        self.shown_share = shown[self.box]
        self.moved_bone = bone_in_gap(self.anatomy, anatomy)[self.box]

    def _become(self, one: Operated) -> None:
        """Take over the site, the implants and the sources that an operation leaves."""
        operation, anatomy = one
        self.biology = operation.leaves(self.biology)
        self.tissue = within(tissue_of(anatomy, self.biology), self.box)
        self.host.open = np.asarray(self.tissue.open)
        self.host.injuries += [operation.day / DAY] if operation.debris else []
        self.mechanics.refit(operation.holds, anatomy)
        self._look_at(anatomy)

    def _operate(self, now: Moment, day: float) -> bool:
        """Carry out the operations of a day, and return whether there were any."""
        due = [one for one in self.operated if self._stop_of(one.operation.day) == day]
        for one in due:
            operation, anatomy = one
            before, old = self.tissue, now.state
            self._become(one)
            about = (
                before, self.tissue, anatomy, self.box, operation, self.biology,
                self.host.potency(day), self.host.of_injury(),
            )  # fmt: skip
            now.state = operated_on(old, *about)
            moved = accounted(old, *about)
            entered(now.ledger, moved, old, now.state, before, self.tissue)
            now.inflammation = self.host.injured(now.inflammation, operation.debris)
            now.solved_day = -np.inf
        return bool(due)

    def _inject(self, now: Moment, day: float, *, anew: bool) -> None:
        """Place the grafts of a day and find the balance again."""
        now.day = day
        due = self._due(day)
        for graft in due:
            now.state = injected(
                self.model, now.state, graft, self.tissue, self.box, self.p, now.ledger
            )
            now.solved_day = -np.inf
        if due or anew or not now.visits:
            tolerance = jnp.asarray(self.s.elliptic_tolerance)
            numbers = self.host.numbers(now)
            now.fast = balanced(self.model, now.state, self.tissue, numbers, now.fast, tolerance)

    def _is_examined(self, now: Moment, day: float) -> bool:
        """Return whether the visit of a day examines the tissue in all six ways."""
        due = not now.examined or (day - now.examined[-1]) * DAY >= self.s.examination - 1.0
        return due or now.visits == len(self.visits) - 1

    def _visit(self, now: Moment) -> dict[str, np.ndarray[Any, Any]]:
        """Record a visit and return its fields on the whole grid."""
        now.visits += 1
        now.record(
            {
                "stiffness": self.mechanics.axial_stiffness(now),
                "movement": self.mechanics.movement(now, now.day),
                "force": float(self.mechanics.load(now.day)[0]),
                "implant": float(self.mechanics.fixation[0, 0]) * 1e3,
            }
        )
        for name, amount in now.ledger.items():
            earlier = now.spent.setdefault(name, [0.0] * (now.visits - 1))
            earlier.append(amount * 1e-3)
        tissues = now.state | self.model.shown(now.state)
        fields = {name: self.shown_share * np.asarray(u) for name, u in tissues.items()}
        if self.operated:
            for name in ("lamellar", "mineralised"):
                fields[name] = fields[name] + self.moved_bone
        fields |= {name: np.asarray(u) for name, u in now.fast.fields.items()}
        for name, shown in STRAINS.items():
            fields[shown] = np.asarray(getattr(now.strain, name))
        return {name: self._whole(values) for name, values in fields.items()}

    def _whole(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return a field on the whole grid; beyond its part it goes on as at the edge."""
        outside = [
            (b.start, n - b.stop) for b, n in zip(self.box, self.anatomy.grid.shape, strict=True)
        ]
        return np.pad(values.astype(np.float32), outside, mode="edge")

    def _finished(self, now: Moment, fields: Mapping[str, np.ndarray[Any, Any]]) -> HealingCourse:
        """Return the course, with its budgets."""
        return HealingCourse(
            day=np.asarray(self.visits),
            fields=fields,
            stiffness=np.asarray(now.series["stiffness"]),
            movement=np.asarray(now.series["movement"]),
            force=np.asarray(now.series["force"]),
            fixation_stiffness=float(now.series["implant"][-1]),
            implant=np.asarray(now.series["implant"]),
            examined=np.asarray(now.examined),
            stiffness_matrix=np.asarray(now.matrices),
            fixation_matrix=in_si(self.mechanics.fixation),
            spent={name: np.asarray(v) for name, v in now.spent.items()},
            budgets=tuple(
                self._budget(now, field.name, field.counted == "cells")
                for field in self.model.fields
                if field.counted is not None
            ),
        )

    def _budget(self, now: Moment, field: str, cells: bool) -> Budget:  # noqa: FBT001
        """Return what came into a field and what left it over the course."""
        incoming = {"there on day 0": self._amount(field, None)}
        outgoing = {"there at the end": self._amount(field, now)}
        for name, amount in now.ledger.items():
            of, what = name.split("/", 1)
            if of == field and amount != 0.0:
                side = incoming if amount > 0 else outgoing
                side[what] = abs(amount) * 1e-3
        return Budget(field, "1e6 cells" if cells else "mL", incoming, outgoing)

    def _amount(self, field: str, now: Moment | None) -> float:
        """Return how much of a field there is, or was on day 0 [1e6 cells or mL]."""
        state = self.start if now is None else now.state
        room = self.begun if now is None else self.tissue.open
        volume = np.asarray(room) * float(self.tissue.spacing) ** 3 * 1e-3
        return float(np.sum(np.asarray(state[field]) * volume))


def numbers_of_model(p: HealParameters, model: HealingModel) -> dict[str, float]:
    """Return the numbers of a model in engine units, by name."""
    numbers: dict[str, float] = {}
    for section in model.sections:
        if section == "packing":
            numbers |= {f"{name}_packed": share for name, share in p.packing.solid.items()}
            continue
        found = in_engine_units(getattr(p, section))
        if section in ("modulus", "poisson"):
            found = {f"{name}_{section}": value for name, value in found.items()}
        numbers |= found
    return numbers


def _window(healing: np.ndarray[Any, Any], margin: float, multiple: int) -> Box:
    """Return the part of the grid that heals, with a margin in voxels around it.

    Its sides are multiples of a number of voxels, or those of the grid where it has no more.
    """
    wide = int(np.ceil(margin))
    edges = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(healing.any(axis=others))
        there = healing.shape[axis]
        start, stop = max(int(found[0]) - wide, 0), min(int(found[-1]) + 1 + wide, there)
        wanted = min(-(-(stop - start) // multiple) * multiple, there)
        start = min(max(start - (wanted - (stop - start)) // 2, 0), there - wanted)
        edges.append(slice(start, start + wanted))
    return edges[0], edges[1], edges[2]
