"""Heal: from grafts, load and biology to tissue over time; deterministic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from trephine.models.callus import CALLUS, CELLS, FIELDS, at_day_0, in_engine_units, tissue_of
from trephine.models.healing import Fast, HealParameters, advance, balanced
from trephine.models.stiffness import Fixed, moduli
from trephine.models.term import Term
from trephine.numerics.elasticity import compress
from trephine.numerics.strain import invariants

VERSION = 3
DAY = 86400.0
SECOND = 1.0 / DAY

SHOWN = (*FIELDS, "oxygen", "signal", "strain")
"""Fields of a snapshot, in this order."""


@dataclass
class _Progress:
    """Everything a course needs to go on from one snapshot; saved and restored as arrays."""

    state: dict[str, Any]
    fast: Fast
    strain: Any
    unit_strain: Any
    displacement: Any
    solved_modulus: Any
    solved_day: float
    felt_day: float
    tissue_stiffness: float
    step: float
    ledger: dict[str, float]
    visits: int
    day: float
    series: dict[str, list[float]]
    spent: dict[str, list[float]]

    def saved(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return everything as named arrays."""
        arrays = {f"state/{name}": np.asarray(u) for name, u in self.state.items()}
        for name in ("strain", "unit_strain", "displacement", "solved_modulus"):
            arrays[name] = np.asarray(getattr(self, name))
        for name in ("solved_day", "felt_day", "tissue_stiffness", "step", "visits", "day"):
            arrays[name] = np.asarray(getattr(self, name))
        arrays |= {f"fast/{n}": np.asarray(u) for n, u in self.fast._asdict().items()}
        arrays |= {f"ledger/{n}": np.asarray(v) for n, v in self.ledger.items()}
        arrays |= {f"series/{n}": np.asarray(v) for n, v in self.series.items()}
        return arrays | {f"spent/{n}": np.asarray(v) for n, v in self.spent.items()}

    @classmethod
    def restored(cls, arrays: Mapping[str, np.ndarray[Any, Any]]) -> _Progress:
        """Return what :meth:`saved` gave."""

        def below(prefix: str) -> dict[str, np.ndarray[Any, Any]]:
            start = f"{prefix}/"
            return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}

        return cls(
            state={name: jnp.asarray(u) for name, u in below("state").items()},
            fast=Fast(**{name: jnp.asarray(u) for name, u in below("fast").items()}),
            strain=jnp.asarray(arrays["strain"]),
            unit_strain=jnp.asarray(arrays["unit_strain"]),
            displacement=jnp.asarray(arrays["displacement"]),
            solved_modulus=jnp.asarray(arrays["solved_modulus"]),
            solved_day=float(arrays["solved_day"]),
            felt_day=float(arrays["felt_day"]),
            tissue_stiffness=float(arrays["tissue_stiffness"]),
            step=float(arrays["step"]),
            ledger={name: float(v) for name, v in below("ledger").items()},
            visits=int(arrays["visits"]),
            day=float(arrays["day"]),
            series={name: [float(x) for x in v] for name, v in below("series").items()},
            spent={name: [float(x) for x in v] for name, v in below("spent").items()},
        )


def heal(
    *,
    patient: Patient,
    site: Site,
    anatomy: Anatomy,
    grafts: Sequence[Graft],
    plan: Plan,
    p: HealParameters,
    s: Settings,
    watch: Watch,
    model: tuple[Term, ...] = CALLUS,
) -> HealingCourse:
    """Return what the tissue does from day 0 to the last visit.

    The biology marches from day to day under the strain of the days before; injections, loads
    and visits fall on their own days. The displacement is solved again when the moduli have
    changed enough. The course is a pure function of its arguments; ``watch`` is told and may
    hand back the state of an interrupted attempt.

    Parameters
    ----------
    patient, site, plan
        Body mass; implant and biology; loading and visits.
    anatomy
        The site on the grid.
    grafts
        The injections as they settle.
    p, s
        Parameters and numerics.
    watch
        Listener; see :class:`trephine.core.progress.Watch`.
    model
        The terms; leave some out for an ablation.

    Raises
    ------
    SolverError
        If a step, oxygen, signal or the displacement does not reach its tolerance.
    """
    course = _Course(patient, site, anatomy, tuple(grafts), plan, p, s, model)
    return course.run(watch)


class _Course:
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
        model: tuple[Term, ...],
    ) -> None:
        self.plan, self.s, self.anatomy, self.grafts, self.model = plan, s, anatomy, grafts, model
        self.p = in_engine_units(p.callus)
        self.p |= {f"{n}_modulus": v for n, v in in_engine_units(p.modulus).items()}
        self.tissue = tissue_of(anatomy, site.biology)
        self.start = at_day_0(anatomy, site.biology, self.p)
        self.weight = patient.mass * p.fixation.gravity
        given = site.fixation.axial_stiffness
        self.fixation = p.fixation.axial_stiffness[site.fixation.kind] if given is None else given
        self.fixed = Fixed(
            bone=jnp.asarray(anatomy.bone),
            metal=jnp.asarray(anatomy.metal),
            removed=jnp.asarray(anatomy.cortex_removed),
            healing=self.tissue.open,
        )
        self.visits = [k * plan.follow_up.interval / DAY for k in range(plan.follow_up.visits + 1)]
        self.stops = self._stops()
        healing = np.asarray(self.tissue.open)
        whole = np.asarray(anatomy.open)
        self.shown_share = np.where(whole > 0, healing / np.where(whole > 0, whole, 1.0), 0.0)

    def run(self, watch: Watch) -> HealingCourse:
        kept = watch.restore()
        if kept is None:
            now, snapshots = self._begin(), []
        else:
            now, snapshots = _Progress.restored(kept), list(watch.kept())
        last = self.visits[-1]
        watch.progress("heal", now.day, last)
        for day in self.stops:
            if kept is not None and day <= now.day:
                continue
            if day > now.day:
                self._march(now, day)
            self._inject(now, day)
            self._feel(now, day)
            if now.visits < len(self.visits) and day >= self.visits[now.visits] - 1e-9:
                fields = self._visit(now)
                snapshots.append(fields)
                watch.keep(now.visits - 1, day, fields, now.saved())
            watch.progress("heal", day, last, f"day {day:.0f} of {last:.0f}")
        return self._finished(now, snapshots)

    def _stops(self) -> list[float]:
        """Return the days on which something happens: each visit, injection, load, whole day.

        What lies within a second of a visit happens at the visit, and there is nothing after
        the last one.
        """
        stops = np.asarray(self.visits)
        for more in ([s.day / DAY for s in self.plan.steps], np.arange(stops[-1])):
            apart = np.abs(np.subtract.outer(np.asarray(more), stops)).min(axis=1) > SECOND
            stops = np.concatenate([stops, np.asarray(more)[apart]])
        return [float(day) for day in np.unique(stops) if day <= self.visits[-1]]

    def _due(self, day: float) -> list[Graft]:
        """Return the injections whose nearest stop this is."""
        stops = np.asarray(self.stops)
        nearest = [stops[np.abs(stops - graft.day / DAY).argmin()] for graft in self.grafts]
        return [g for g, stop in zip(self.grafts, nearest, strict=True) if stop == day]

    def _begin(self) -> _Progress:
        shape = self.anatomy.grid.shape
        nothing = jnp.zeros(shape)
        nx, ny, nz = shape
        # Not a bare number, whose type gives way: the engine would be compiled a second time.
        filled = nothing + np.float64(self.p["arterial_oxygen"])
        return _Progress(
            state=self.start,
            fast=Fast(filled, nothing, jnp.zeros(())),
            strain=nothing,
            unit_strain=nothing,
            displacement=jnp.zeros((3, nx + 1, ny + 1, nz + 1)),
            solved_modulus=nothing,
            solved_day=-np.inf,
            felt_day=-np.inf,
            tissue_stiffness=0.0,
            step=0.05,
            ledger={},
            visits=0,
            day=0.0,
            series={"stiffness": [], "movement": [], "force": []},
            spent={},
        )

    def _march(self, now: _Progress, day: float) -> None:
        """Advance the biology to a day."""
        marched = advance(
            self.model,
            now.state,
            now.fast,
            strain=now.strain,
            tissue=self.tissue,
            p=self.p,
            duration=jnp.asarray(day - now.day),
            step=jnp.asarray(now.step),
            longest=jnp.asarray(self.s.longest_step / DAY),
            tolerance=jnp.asarray(self.s.elliptic_tolerance),
            relative=self.s.step_tolerance,
        )
        if bool(marched.failed):
            raise SolverError(f"the time step fell below its limit on day {day:.2f}")
        residual = float(marched.memory.residual)
        if not residual <= self.s.elliptic_tolerance:
            raise SolverError(f"oxygen or signal did not settle by day {day:.2f}", [residual])
        now.state, now.fast = marched.state, marched.memory
        now.step = float(marched.step)
        for name, amount in marched.ledger.items():
            now.ledger[name] = now.ledger.get(name, 0.0) + float(amount)
        now.day = day

    def _inject(self, now: _Progress, day: float) -> None:
        """Place the grafts of a day: displace soft tissue, add cells and carrier, find balance."""
        now.day = day
        due = self._due(day)
        for graft in due:
            now.state = self._with_graft(now.state, graft, now.ledger)
            now.solved_day = -np.inf
        if due or not now.visits:
            tolerance = jnp.asarray(self.s.elliptic_tolerance)
            now.fast = balanced(now.state, self.tissue, self.p, now.fast, tolerance)

    def _with_graft(
        self, state: dict[str, Any], graft: Graft, ledger: dict[str, float]
    ) -> dict[str, Any]:
        """Return the state after one injection, and enter what it moved in the ledger.

        Delivery knows the site of day 0. Where bone has grown since, only the rest of the tissue
        gives way, and what finds no room is entered as lost.
        """
        healing = np.asarray(self.tissue.open)
        volume = healing * float(self.tissue.spacing) ** 3
        whole = np.where(healing > 0, healing, 1.0)
        strays = float(np.sum(np.where(healing > 0, 0.0, graft.progenitors)))
        if strays > 0:
            raise SolverError("a graft lies outside the tissue that heals")
        wanted = np.clip(graft.fill / whole, 0.0, 1.0)
        solid = np.asarray(state["woven"]) + np.asarray(state["demineralised_bone"])
        fill = np.minimum(wanted, np.clip(1.0 - solid, 0.0, 1.0))
        lost = np.where(wanted > 0, fill / np.where(wanted > 0, wanted, 1.0), 1.0) - 1.0
        new = dict(state)

        def enter(field: str, change: np.ndarray[Any, Any], what: str) -> None:
            new[field] = new[field] + jnp.asarray(np.where(healing > 0, change, 0.0))
            key = f"{field}/{what}"
            ledger[key] = ledger.get(key, 0.0) + float(np.sum(change * volume))

        for soft in ("fibrous", "cartilage", "clot"):
            enter(soft, -fill * np.asarray(state[soft]), "displaced by the injection")
        potency = self.p["cultured_potency" if graft.cultured else "assay_factor"]
        brought = {
            "progenitor_injected": potency * graft.progenitors / whole * 1e-12,
            "inert_nucleated": graft.nucleated / whole * 1e-12,
            "clot": graft.clot / whole,
        }
        for field, amount in brought.items():
            enter(field, amount, "injected")
            enter(field, lost * amount, "found no room")
        taken = sum(np.asarray(new[n]) for n in ("fibrous", "cartilage", "woven"))
        free = np.clip(1.0 - taken - np.asarray(new["demineralised_bone"]), 0.0, None)
        packed = graft.demineralised_bone / whole
        enter("demineralised_bone", packed, "injected")
        enter("demineralised_bone", np.minimum(free - packed, 0.0), "found no room")
        return new

    def _feel(self, now: _Progress, day: float) -> None:
        """Bring strain, stiffness and movement up to a day."""
        stiff, concentration = moduli(now.state, self.fixed, self.p)
        weight = np.asarray(self.tissue.open)
        before, after = np.asarray(now.solved_modulus), np.asarray(stiff)
        changed = float(np.sum(weight * np.abs(after - before)) / np.sum(weight * after))
        waited = (day - now.solved_day) * DAY
        if changed > self.s.stiffness_change or waited >= self.s.mechanics_interval - 1e-3:
            solved = compress(
                stiff,
                spacing=float(self.tissue.spacing),
                poisson=self.p["poisson_modulus"],
                guess=now.displacement,
                tolerance=self.s.mechanics_tolerance,
            )
            now.displacement, now.solved_modulus = solved.displacement, stiff
            now.unit_strain, _ = invariants(solved.displacement, float(self.tissue.spacing))
            now.tissue_stiffness, now.solved_day = float(solved.stiffness) * 1e3, day
        strain = concentration * now.unit_strain * (self._movement(now, day) * 1e3)
        keep = float(np.exp(-(day - now.felt_day) / self.p["strain_memory"]))
        now.strain = keep * now.strain + (1.0 - keep) * strain
        now.felt_day = day

    def _force(self, day: float) -> float:
        return self.plan.body_weights(day * DAY + 1.0) * self.weight

    def _movement(self, now: _Progress, day: float) -> float:
        """Return the movement between the platens under the load of a day [m]."""
        return self._force(day) / (self.fixation + now.tissue_stiffness)

    def _visit(self, now: _Progress) -> dict[str, np.ndarray[Any, Any]]:
        """Record a visit and return its fields."""
        now.visits += 1
        now.series["stiffness"].append(now.tissue_stiffness)
        now.series["movement"].append(self._movement(now, now.day))
        now.series["force"].append(self._force(now.day))
        for name, amount in now.ledger.items():
            earlier = now.spent.setdefault(name, [0.0] * (now.visits - 1))
            earlier.append(amount * 1e-3)
        fields = {n: np.asarray(u) * self.shown_share for n, u in now.state.items()}
        fields["oxygen"], fields["signal"] = (
            np.asarray(now.fast.oxygen),
            np.asarray(now.fast.signal),
        )
        fields["strain"] = np.asarray(now.strain)
        return {name: fields[name].astype(np.float32) for name in SHOWN}

    def _finished(
        self, now: _Progress, snapshots: list[Mapping[str, np.ndarray[Any, Any]]]
    ) -> HealingCourse:
        """Return the course, with its budgets."""
        return HealingCourse(
            day=np.asarray(self.visits),
            fields={name: np.stack([shot[name] for shot in snapshots]) for name in SHOWN},
            stiffness=np.asarray(now.series["stiffness"]),
            movement=np.asarray(now.series["movement"]),
            force=np.asarray(now.series["force"]),
            fixation_stiffness=self.fixation,
            spent={name: np.asarray(v) for name, v in now.spent.items()},
            budgets=tuple(self._budget(now, field) for field in FIELDS if field != "perfusion"),
        )

    def _budget(self, now: _Progress, field: str) -> Budget:
        """Return what came into a field and what left it over the course."""
        volume = np.asarray(self.tissue.open) * float(self.tissue.spacing) ** 3 * 1e-3
        incoming = {"there on day 0": float(np.sum(np.asarray(self.start[field]) * volume))}
        outgoing = {"there at the end": float(np.sum(np.asarray(now.state[field]) * volume))}
        for name, amount in now.ledger.items():
            of, what = name.split("/", 1)
            if of == field and amount != 0.0:
                side = incoming if amount > 0 else outgoing
                side[what] = abs(amount) * 1e-3
        return Budget(field, "1e6 cells" if field in CELLS else "mL", incoming, outgoing)
