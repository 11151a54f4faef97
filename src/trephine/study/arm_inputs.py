"""Owns the inputs of all patients of an arm: site and dose once, for any biology after that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.case import Case
from trephine.case.document import Document
from trephine.case.laws import Choice
from trephine.case.places import value_at
from trephine.case.plan import Injection
from trephine.core.errors import InputError, Problem
from trephine.core.rng import Streams
from trephine.models.aspiration import Facts
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.placement import Reach
from trephine.study import inputs
from trephine.study.biology import ASSAY, POTENCY, RECORDS
from trephine.study.chain import Luck, Treated, chain
from trephine.study.course_inputs import At, course_inputs, told
from trephine.study.input_range import Array, Values
from trephine.study.outcomes import PLACES
from trephine.study.patients import Features

Dose = Mapping[str, Mapping[str, Array]]
"""Cells by place and kind, (sample,) each: ``dose["stays"]["progenitors"]``."""
BLOCK = 65_536
"""Patients whose cells are followed from needle to lesion at once."""
GIVEN = "deliver.volume"
"""What of an injection may vary between the patients of an arm."""


@cache
def dose_numbers() -> DoseBeliefs:
    """Return the numbers of the way from needle to lesion as printed."""
    return DoseBeliefs.printed()


@dataclass(frozen=True)
class ArmInputs:
    """What the emulator must know of the patients of an arm, whatever the biology.

    Parameters
    ----------
    values
        The inputs with the biology as printed, (sample,) each [SI].
    progenitors
        Progenitors that stay, of one injection, as the bedside counts them, or grown, (sample,).
    volume
        Volume that settles, of one injection, (sample,) [m^3].
    is_cultured
        Whether the progenitors were grown.
    streams
        The patients' luck.
    dose
        Cells of all injections together by place, as :class:`trephine.study.outcomes.Pool` holds
        them; empty without an injection.
    """

    values: Values
    progenitors: Array
    volume: Array
    is_cultured: bool
    streams: Streams
    dose: Dose = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many patients there are."""
        return int(self.progenitors.size)

    def courses(
        self,
        biology: Mapping[str, Any] | None = None,
        cells_factor: Any = 1.0,  # noqa: ANN401  (a number or an array)
        others_factor: Any = 1.0,  # noqa: ANN401
    ) -> tuple[Values, NDArray[np.bool_], tuple[Problem, ...]]:
        """Return the inputs under some biology, whom the emulator knows, and why not the others.

        Parameters
        ----------
        biology
            Numbers by record id, one value or (sample,) each [SI]; as printed unless given. See
            :func:`trephine.study.course_inputs.told`.
        cells_factor, others_factor
            What the progenitors and the other nucleated cells that stay are multiplied by, one
            value or (sample,).

        Raises
        ------
        InputError
            If something is given that is no biology.
        """
        own = told(biology)
        scale = own[POTENCY if self.is_cultured else ASSAY] * np.asarray(cells_factor)
        changed = {name: own[name] for name in RECORDS}
        changed[inputs.CELLS] = self.progenitors * scale
        changed[inputs.OTHERS] = self.values[inputs.OTHERS] * np.asarray(others_factor)
        whole = {name: np.broadcast_to(v, (self.count,)) for name, v in changed.items()}
        values = self.values | whole
        found, outside = inputs.problems(values)
        return values, ~outside, tuple(found)


def arm_inputs(drawn: Features, plan: Mapping[str, Any] | None = None) -> ArmInputs:
    """Return the inputs of virtual patients in an arm.

    The dose is that of the chain from needle to lesion, patient by patient, into a room told
    without voxels. Luck belongs to the number of a patient and is the same in every arm. Of the
    plan nothing may vary between patients but by the arm, and how much is injected.

    Parameters
    ----------
    drawn
        The patients.
    plan
        Keys of the plan that the arm replaces.

    Raises
    ------
    InputError
        If the emulator knows no such course, whatever the numbers.
    """
    varied = [p for p in drawn.values if p.startswith("plan.") and not p.endswith(GIVEN)]
    if varied:
        raise InputError(
            "the emulator knows plans that are the same for all patients of an arm",
            [Problem(place, "varies between patients") for place in varied],
        )
    count = drawn.count
    injections = drawn.population.with_values({}, None if plan is None else dict(plan)).plan
    luck = Luck.of(injections.injections, drawn.streams, count)
    cells, volume = np.zeros(count), np.zeros(count)
    whole: Values = {}
    everywhere: dict[str, dict[str, Array]] = {}
    is_cultured = False
    for case, which in _alike(drawn, plan):
        values, doses = _inputs(drawn, case, which, luck)
        left = staying(doses)
        cells[which], volume[which] = left.get("progenitors", 0.0), left.get("volume", 0.0)
        is_cultured = left.get("cultured", False)
        for place, kinds in cells_by_place(doses).items():
            held = everywhere.setdefault(place, {kind: np.zeros(count) for kind in kinds})
            for kind, number in kinds.items():
                held[kind][which] = number
        for name, value in values.items():
            like = np.array(inputs.CARRIERS if name == inputs.CARRIER else [0.0])
            whole.setdefault(name, np.empty(count, like.dtype))[which] = value
    return ArmInputs(whole, cells, volume, is_cultured, drawn.streams, everywhere)


def cells_by_place(doses: tuple[Treated, ...]) -> dict[str, dict[str, Any]]:
    """Return the cells of all injections together by place and kind, one value or (sample,)."""
    there: list[dict[str, Any]] = [
        {"drawn": one.pool, **{str(place): held for place, held in one.at.items()}} for one in doses
    ]
    kinds = ("progenitors", "nucleated", "volume")
    return {
        place: {kind: sum(getattr(one[place], kind) for one in there) for kind in kinds}
        for place in (PLACES if doses else ())
    }


def staying(doses: tuple[Treated, ...]) -> dict[str, Any]:
    """Return what stays of one injection, the mean of them, for the inputs of the emulator."""
    if not doses:
        return {}
    stays = [one.at["stays"] for one in doses]
    return {
        "progenitors": np.mean([one.progenitors for one in stays], axis=0),
        "nucleated": np.mean([one.nucleated for one in stays], axis=0),
        "volume": np.mean([one.volume for one in stays], axis=0),
        "cultured": doses[0].is_cultured,
    }


def _alike(
    drawn: Features, plan: Mapping[str, Any] | None
) -> Iterator[tuple[Case, NDArray[np.int64]]]:
    """Yield cases that stand for patients with the same choices, and the patients' numbers."""
    population = drawn.population
    chosen = [place for place in drawn.chosen if not place.startswith("fact.")]
    keys = np.stack([drawn.chosen[place] for place in chosen] or [np.zeros(drawn.count, int)])
    for key in np.unique(keys, axis=1).T:
        picked: dict[str, Any] = {}
        for place, number in zip(chosen, key, strict=False):
            law = population.vary[place]
            picked[place] = law.values[int(number)] if isinstance(law, Choice) else None
        picked = {place: value for place, value in picked.items() if value is not None}
        case = population.with_values(picked, None if plan is None else dict(plan))
        which = np.flatnonzero((keys == key[:, None]).all(axis=0))
        for start in range(0, which.size, BLOCK):
            yield case, which[start : start + BLOCK]


def _inputs(
    drawn: Features, case: Case, which: NDArray[np.int64], luck: Luck
) -> tuple[Values, tuple[Treated, ...]]:
    """Return the inputs of some patients, and what each injection brings them."""

    def at(place: str) -> Any:  # noqa: ANN401  (whatever a case holds)
        if place in drawn.values and place not in drawn.chosen:
            return drawn.values[place][which]
        held = value_at(case, place)
        return None if isinstance(held, (list, Document)) else held

    site = course_inputs(case, at=at)
    if not case.plan.injections:
        return _whole(site, which.size), ()
    own = Luck(
        luck.donor[:, which],
        tuple(n[:, which] for n in luck.needle),
        tuple(c[which] for c in luck.clot),
        tuple(d[which] for d in luck.device),
    )
    height, mass = at("patient.height"), at("patient.mass")
    facts = Facts(
        age=at("patient.age"),
        female=np.asarray(at("patient.sex")) == "female",
        body_mass_index=None if height is None else mass / np.square(height),
        smoker=at("patient.smoker"),
        osteonecrosis_risk=at("patient.osteonecrosis_risk"),
        earlier_harvest=at("patient.earlier_harvest"),
        blood_nucleated=at("patient.blood_nucleated"),
        mass=mass,
        anticoagulated=at("patient.anticoagulated"),
    )
    reach = Reach(*inputs.rooms(site))
    injections = [_given(number, one, at) for number, one in enumerate(case.plan.steps)]
    planned = [one for one in injections if one is not None]
    doses = chain(facts, planned, [reach] * len(planned), dose_numbers(), own)
    return _whole(course_inputs(case, at=at, **staying(doses)), which.size), doses


def _given(number: int, step: object, at: At) -> Injection | None:
    """Return an injection with the volume that each patient gets, (sample,); None for no one."""
    if not isinstance(step, Injection):
        return None
    # The chain takes arrays where a document holds one number.
    volume = at(f"plan.steps.{number}.{GIVEN}")
    return step.model_copy(update={"deliver": step.deliver.model_copy(update={"volume": volume})})


def _whole(values: Values, count: int) -> Values:
    return {name: np.broadcast_to(value, (count,)) for name, value in values.items()}
