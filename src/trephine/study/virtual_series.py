"""Owns the virtual series that stand for the published ones: the same patients for every draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trephine.case.trial import SHARES, Trial
from trephine.core.errors import InputError
from trephine.core.rng import Streams
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.study import inputs, patients, unknowns
from trephine.study.arm_inputs import ArmInputs, arm_inputs, dose_numbers
from trephine.study.dose import laboratory
from trephine.study.likelihood import Expected
from trephine.study.sampling import CELLS
from trephine.study.targets import LeftOut, Target

Array = NDArray[np.floating[Any]]

KNOWN = 0.5
"""Least share of the virtual patients that the emulator must know to stand for a series."""
BLOCK = 16_384
"""Courses that are asked of the emulator at once."""


class Chances(Protocol):
    """What an emulator says of courses."""

    @property
    def week(self) -> Array:
        """Visits, (week,) [wk]."""

    @property
    def union_chance_by_week(self) -> Array:
        """Chance of having united by each, (week, sample) [-]."""


class Predicts(Protocol):
    """An emulator, or what stands in for one."""

    def predict(self, features: Mapping[str, Any]) -> Chances:
        """Return what is to be expected of courses of given inputs."""


@dataclass(frozen=True)
class Series:
    """The virtual patients of an arm, and what is looked at in them.

    Parameters
    ----------
    name
        Trial and arm.
    arm
        Their inputs, whom the emulator knows alone.
    targets
        What is looked at.
    left_out
        Share of the patients whom the emulator does not know [-].
    """

    name: str
    arm: ArmInputs
    targets: tuple[Target, ...]
    left_out: float

    def expected(self, draws: Mapping[str, Array], emulator: Predicts) -> list[Expected]:
        """Return what these patients expect of each target, by draw of the unknowns.

        What the emulator does not know of a patient is in his chances, as if patients were off
        independently; an error that a whole series shares is not told.

        Parameters
        ----------
        draws
            Numbers by record id, (sample,) each, in the unit of the record; possible ones alone.
        emulator
            Tells the chances.
        """
        size = self.arm.count
        count = len(next(iter(draws.values())))
        each = max(1, BLOCK // size)
        parts = []
        for start in range(0, count, each):
            some = {name: column[start : start + each] for name, column in draws.items()}
            chance = self._chances(some, emulator)
            parts.append([_looked(one, chance, self.arm) for one in self.targets])
        return [
            Expected(*(np.concatenate([part[n][field] for part in parts]) for field in range(3)))
            for n in range(len(self.targets))
        ]

    def _chances(self, draws: Mapping[str, Array], emulator: Predicts) -> tuple[Array, Array]:
        """Return the visits and the chances of union by each, (week, sample, patient)."""
        size, count = self.arm.count, len(next(iter(draws.values())))
        told = unknowns.biology(draws)
        stays: Array = np.ones(count)
        if self.arm.values[inputs.CARRIER][0] == unknowns.BED:
            stays = unknowns.retained(draws, dose_numbers().deliver)
        many = repeated(self.arm, count)
        values, known, problems = many.courses(
            {name: np.repeat(column, size) for name, column in told.items()},
            np.repeat(stays, size),
            np.repeat(stays, size),
        )
        if not known.all():
            raise InputError(f"the emulator does not know all of {self.name}", problems)
        found = emulator.predict(values)
        return found.week, found.union_chance_by_week.reshape(-1, count, size)


def series(
    trials: Sequence[Trial], targets: Sequence[Target], *, seed: int, count: int
) -> tuple[tuple[Series, ...], tuple[LeftOut, ...]]:
    """Return the virtual series of trials, and the targets that no emulator can tell.

    Parameters
    ----------
    trials
        The documents.
    targets
        What is looked at in them.
    seed
        Luck of the virtual patients.
    count
        Virtual patients of each arm.
    """
    found, left = [], []
    for trial in trials:
        for arm in trial.arms:
            mine = tuple(
                one for one in targets if one.trial == trial.name and one.endpoint.arm == arm.name
            )
            if not mine:
                continue
            luck = Streams(seed).within("calibrate", trial.name)
            drawn = patients.features(trial.population, luck, count)
            try:
                whole = arm_inputs(drawn, arm.plan)
            except InputError as error:
                left += [LeftOut(one.identifier, one.trial, error.reason) for one in mine]
                continue
            known = _always_known(whole)
            if known.mean() < KNOWN:
                reason = "the emulator does not know such patients"
                left += [LeftOut(one.identifier, one.trial, reason) for one in mine]
                continue
            name = f"{trial.name}, {arm.name}"
            found.append(Series(name, _only(whole, known), mine, float(1.0 - known.mean())))
    return tuple(found), tuple(left)


def _always_known(arm: ArmInputs) -> NDArray[np.bool_]:
    """Return whom the emulator knows at both ends of what may stay, (sample,)."""
    known = np.ones(arm.count, bool)
    record = np.array([[0.0] * (len(unknowns.IDENTIFIERS) - 1) + [z] for z in (-5.0, 5.0)])
    for factor in unknowns.retained(unknowns.values(record), dose_numbers().deliver):
        known &= arm.courses(None, factor, factor)[1]
    return known


def _only(arm: ArmInputs, known: NDArray[np.bool_]) -> ArmInputs:
    return replace(
        arm,
        values={name: value[known] for name, value in arm.values.items()},
        progenitors=arm.progenitors[known],
        volume=arm.volume[known],
        dose={p: {k: v[known] for k, v in kinds.items()} for p, kinds in arm.dose.items()},
    )


def repeated(arm: ArmInputs, count: int) -> ArmInputs:
    """Return the patients of an arm so many times over, one draw after the other."""
    return replace(
        arm,
        values={name: np.tile(value, count) for name, value in arm.values.items()},
        progenitors=np.tile(arm.progenitors, count),
        volume=np.tile(arm.volume, count),
        dose={p: {k: np.tile(v, count) for k, v in kinds.items()} for p, kinds in arm.dose.items()},
    )


def _looked(
    target: Target, told: tuple[Array, Array], arm: ArmInputs
) -> tuple[Array, Array, Array]:
    """Return mean, variance between patients and patients that count, (sample,) each."""
    weeks, chance = told
    last = int(np.searchsorted(weeks, target.week + 1e-9)) - 1
    united = chance[last]
    if target.kind == "share":
        nonunion = target.endpoint.outcome != SHARES[0]
        looked = 1.0 - united if nonunion else united
        full = np.full(len(looked), float(looked.shape[1]))
        return looked.mean(axis=1), looked.var(axis=1), full
    if target.kind == "time":
        gained = np.diff(chance[: last + 1], axis=0, prepend=0.0)
        total = np.maximum(gained.sum(axis=(0, 2)), 1e-12)
        mean = np.einsum("w,wsp->s", weeks[: last + 1], gained) / total
        square = np.einsum("w,wsp->s", weeks[: last + 1] ** 2, gained) / total
        return mean, np.maximum(square - mean**2, 1e-6), np.maximum(total, 1.0)
    weight = {"all": np.ones_like(united), "united": united, "not united": 1.0 - united}
    share = np.maximum(weight[target.endpoint.of], 1e-12)
    doses = _dose(target, arm)
    total = share.sum(axis=1)
    mean = share @ doses / total
    variance = np.maximum(share @ doses**2 / total - mean**2, 1e-6 * mean**2)
    return mean, variance, np.maximum(total**2 / (share**2).sum(axis=1), 1.0)


def _dose(target: Target, arm: ArmInputs) -> Array:
    """Return the dose that a target counts, (patient,), by its laboratory."""
    looked = target.endpoint
    kind = CELLS[looked.outcome]
    place = "drawn" if looked.outcome == "volume aspirated" else looked.counted
    held = arm.dose[place]
    factor = laboratory(DoseBeliefs.printed(), looked.assay) if "progenitors" in kind else 1.0
    if kind == "progenitors per volume":
        return np.asarray(held["progenitors"] / held["volume"] * factor)
    return np.asarray(held[kind] * factor)
