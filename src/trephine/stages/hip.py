"""The stage hip: a necrotic head walked on month by month, to the end of the follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.graft import Graft
from trephine.case.head_anatomy import HeadAnatomy
from trephine.case.hip import FemoralHead
from trephine.case.hip_course import HipCourse, HipEnding
from trephine.case.plan import Plan
from trephine.core.progress import Watch
from trephine.models import drilling, flattening, necrosis
from trephine.models.flattening import Stage
from trephine.models.head_load import EMPTY, bear, sound_strength
from trephine.models.hip_luck import HipLuck
from trephine.models.necrosis import NECROSIS, Felt, Place
from trephine.models.necrosis_parameters import NecrosisParameters, in_engine_units
from trephine.models.term import Numbers, Term

VERSION = 3
"""Goes up when the same inputs give another product."""
DAY = 86400.0
MONTH = 365.25 / 12.0
"""Time between two solves of the load [d]."""
CHANGED = 0.01
"""Change of integrity anywhere in the head that asks for a new solve [-]."""

Field = NDArray[np.floating[Any]]


@dataclass
class _Moment:
    """Where a course stands; changed as it goes."""

    state: dict[str, Field]
    stress: Field
    strain: Field
    solved: Field | None = None
    solved_force: float = 0.0
    displacement: Field | None = None
    stiffness: float = 0.0
    patch: float = 0.0
    flat: float = 0.0
    stage: Stage = Stage.I
    drained: bool = False
    fracture_day: float | None = None
    collapse_day: float | None = None
    kept: dict[str, list[Field]] = field(default_factory=dict)
    told: dict[str, list[float]] = field(default_factory=dict)


def hip_course(
    *,
    site: FemoralHead,
    anatomy: HeadAnatomy,
    weight: float,
    plan: Plan,
    grafts: Sequence[Graft] = (),
    p: NecrosisParameters,
    luck: HipLuck | None = None,
    watch: Watch | None = None,
    longest: float = MONTH,
    model: tuple[Term, ...] = NECROSIS,
    with_fields: bool = True,
) -> HipCourse:
    """Return what a necrotic head does over the follow-up of a plan.

    Month by month the stress under a step of walking is solved, and the biology goes on under it
    in steps of days. Once the head has collapsed its shape is no longer that of the grid: from
    then on it is taken to bear what it bore last. The front of a head that is not decompressed
    rests for this person's time before it moves on.

    Parameters
    ----------
    site
        Stage and flattening at day 0.
    anatomy
        The head on its grid.
    weight
        Body weight [N].
    plan
        Decompression, loading and follow-up; injections come as ``grafts``.
    grafts
        What stays of each injection, on the same grid.
    p
        Numbers of the necrosis.
    luck
        This person's margin and front; the extent is in the anatomy already. The person in the
        middle unless given.
    watch
        Hears the progress.
    longest
        Longest time between two solves [d].
    model
        Terms of the biology.
    with_fields
        Whether to keep the fields of each visit; without, only the series.

    Raises
    ------
    SolverError
        If the load cannot be solved.
    """
    luck, listener = luck or HipLuck(), watch or Watch()
    numbers = in_engine_units(p)
    numbers["front_speed"] *= luck.front_factor(p)
    numbers["fill_rate"] *= luck.fill_factor(p)
    resting = luck.resting_time(p) / DAY
    place = Place(anatomy.head > EMPTY, anatomy.grid.spacing * 1e3, numbers["bearing_length"])
    strength = sound_strength(anatomy, weight * p.walking_load, luck.steady_damage(p), numbers)
    strength = np.where(anatomy.head > 0.5, strength, np.inf)
    now = _begin(site, anatomy, place, numbers, model)
    visits = np.arange(plan.follow_up.visits + 1) * plan.follow_up.interval / DAY
    last = float(visits[-1])
    stops = _stops(plan, visits, grafts, longest, resting)
    operations = {step.day / DAY: step for step in plan.decompressions}
    for number, day in enumerate(stops):
        listener.progress("hip", number, len(stops))
        if day in operations:
            drilling.drill(now.state, anatomy, operations[day])
            now.drained = True
        force = weight * _body_weights(plan, day, p)
        _load(now, anatomy, force, numbers)
        if np.isclose(visits, day).any():
            _note(now, anatomy, day, force, numbers, with_fields=with_fields)
        if day < last:
            felt = _felt(now, strength, grafts, day, numbers)
            if day < resting and not now.drained:
                felt = felt._replace(flow=0.0)
            duration = stops[number + 1] - day
            now.state = necrosis.advance(now.state, felt, place, numbers, duration, model)
            _look(now, anatomy, stops[number + 1], numbers)
    return _course(now, visits, p)


def _begin(
    site: FemoralHead,
    anatomy: HeadAnatomy,
    place: Place,
    numbers: Numbers,
    model: tuple[Term, ...],
) -> _Moment:
    """Return the head at day 0: in stages II and III the front has been at work for a while."""
    state = necrosis.begin(np.asarray(anatomy.dead), -np.asarray(anatomy.depth) * 1e3, numbers)
    nothing = np.zeros(anatomy.grid.shape)
    now = _Moment(
        state, nothing, nothing, stage=Stage[site.stage] if site.stage != "III" else Stage.IIIA
    )
    if site.stage == "I":
        return now
    strength = np.ones(anatomy.grid.shape)
    idle = Felt(nothing, nothing, 1.0, nothing, strength)
    now.state = necrosis.advance(state, idle, place, numbers, numbers["established"], model)
    if site.stage == "III":
        flat = site.flattening or numbers["fractured_at_start"] * 1e-3
        broken = flattening.fractured(anatomy, flat, numbers["fracture_depth"] * 1e-3)
        necrosis.crush(now.state, broken)
        now.patch = flattening.patch_of(flat * 1e3, anatomy.radius * 1e3)
        now.flat, now.fracture_day = flat * 1e3, 0.0
        _look(now, anatomy, 0.0, numbers)
    return now


def _stops(
    plan: Plan, visits: Field, grafts: Sequence[Graft], longest: float, resting: float
) -> list[float]:
    """Return the days on which something is done, looked at or solved, in order."""
    last = float(visits[-1])
    days = set(np.arange(0.0, last, longest).tolist()) | {float(day) for day in visits}
    days |= {step.day / DAY for step in plan.decompressions}
    days |= {step.day / DAY for step in plan.loadings}
    days |= {graft.day / DAY for graft in grafts} | {resting}
    return sorted(day for day in days if 0.0 <= day <= last)


def _body_weights(plan: Plan, day: float, p: NecrosisParameters) -> float:
    """Return the peak force of a day in body weights; as usual before the first loading step."""
    given = [step for step in plan.loadings if step.day <= day * DAY + 1.0]
    return given[-1].body_weights if given else p.walking_load


def _load(now: _Moment, anatomy: HeadAnatomy, force: float, numbers: Numbers) -> None:
    """Bring stress and strain up to the bone and the force of today."""
    whole, force = necrosis.integrity(now.state, numbers), max(force, 1.0)
    is_bone = anatomy.head + anatomy.neck > 0.5
    if now.solved is None or (
        now.collapse_day is None and np.abs(whole - now.solved)[is_bone].max() > CHANGED
    ):
        borne = bear(anatomy, whole, force, numbers, now.displacement)
        now.stress, now.strain = borne.stress, borne.strain
        now.displacement, now.stiffness = borne.displacement, borne.stiffness
        now.solved, now.solved_force = whole, force
    elif force != now.solved_force:
        scale = force / now.solved_force
        now.stress, now.strain = now.stress * scale, now.strain * scale
        now.solved_force = force


def _felt(
    now: _Moment, strength: Field, grafts: Sequence[Graft], day: float, numbers: Numbers
) -> Felt:
    """Return what the bone feels from this day on."""
    boost = np.zeros(strength.shape)
    for graft in grafts:
        if graft.day <= day * DAY + 1.0:
            density = np.asarray(graft.progenitors) * 1e-6
            boost = boost + necrosis.graft_boost(density, day - graft.day / DAY, numbers)
    return Felt(
        stress=now.stress,
        strain=now.strain,
        flow=necrosis.blood_supply(numbers, is_decompressed=now.drained),
        boost=boost,
        strength=strength,
    )


def _look(now: _Moment, anatomy: HeadAnatomy, day: float, numbers: Numbers) -> None:
    """Note patch, flattening and stage on a day; none of them goes back, nor beyond collapse."""
    if now.collapse_day is not None:
        return
    radius = anatomy.radius * 1e3
    now.patch = max(now.patch, flattening.unsupported(anatomy, now.state["crushed"] > 0.0))
    now.flat = max(now.flat, flattening.flattening(now.patch, radius))
    now.stage = flattening.stage(
        now.stage, now.patch, now.flat, numbers["fracture_area"], numbers["collapse_depth"]
    )
    if now.stage >= Stage.IIIA and now.fracture_day is None:
        now.fracture_day = day
    if now.stage >= Stage.IIIB and now.collapse_day is None:
        now.collapse_day = day


def _note(
    now: _Moment,
    anatomy: HeadAnatomy,
    day: float,
    force: float,
    numbers: Numbers,
    *,
    with_fields: bool,
) -> None:
    """Keep what a visit sees."""
    state = now.state
    whole = necrosis.integrity(state, numbers)
    necrotic = anatomy.dead * (1.0 - necrosis.reached(state, numbers))
    sound = (anatomy.head > 0.5) & (state["crushed"] <= 0.0) & (state["kept"] > 0.3)
    seen = {
        "lesion_volume": float(necrotic.sum()) * anatomy.grid.voxel_volume,
        "flattening": now.flat * 1e-3,
        "unsupported": now.patch * 1e-6,
        "weakest": float(whole[sound].min()) if sound.any() else 0.0,
        "stiffness": now.stiffness * 1e3,
        "force": force,
        "stage": float(now.stage),
    }
    for name, value in seen.items():
        now.told.setdefault(name, []).append(value)
    now.told.setdefault("day", []).append(day)
    if not with_fields:
        return
    bone = anatomy.head + anatomy.neck > 0
    found = {
        "necrotic": necrotic,
        "integrity": np.where(bone, whole, 0.0),
        "cavity": state["cavity"] * bone,
        "new_bone": (state["soft"] + state["hard"]) * bone,
        "crushed": state["crushed"] * bone,
        "damage": np.minimum(state["damage"], 1.0) * bone,
        "stress": now.stress * bone,
    }
    for name, values in found.items():
        now.kept.setdefault(name, []).append(np.asarray(values, dtype=np.float32))


def _course(now: _Moment, visits: Field, p: NecrosisParameters) -> HipCourse:
    """Return the frozen course."""
    told = {name: np.asarray(values) for name, values in now.told.items()}
    ending = HipEnding.KEPT_ROUND
    if now.stage >= Stage.IIIA:
        ending = HipEnding.COLLAPSED if now.stage >= Stage.IIIB else HipEnding.FRACTURED
    return HipCourse(
        day=visits,
        fields={name: np.stack(values) for name, values in now.kept.items()},
        stage=told.pop("stage").astype(np.int64),
        replaced=replaced(visits, now.fracture_day, p),
        fracture_day=now.fracture_day,
        collapse_day=now.collapse_day,
        ending=ending,
        **{name: values for name, values in told.items() if name != "day"},
    )


def replaced(days: Field, since: float | None, p: NecrosisParameters) -> Field:
    r"""Return the share of hips replaced by a day, of such that broke on one, (time,) [-].

    .. math:: 1 - (1 - r)^{(t - t_0)/T}

    with the share :math:`r` of hips of stage III that were replaced within :math:`T`; before the
    fracture none. A constant hazard; [Hauzeur2018].
    """
    if since is None:
        return np.zeros(len(days))
    elapsed = np.maximum(days - since, 0.0) * DAY / p.replaced_time
    share: Field = 1.0 - (1.0 - p.replaced_share) ** elapsed
    return share
