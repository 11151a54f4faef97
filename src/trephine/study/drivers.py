"""What drives the spread of a dose: luck and numbers exchanged one group at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from trephine.case.case import Case
from trephine.core.rng import Streams
from trephine.models.dose_beliefs import STAGES, DoseBeliefs
from trephine.models.placement import Reach
from trephine.study.chain import Luck, Lucky, chain
from trephine.study.dose import Kind, laboratory
from trephine.study.sensitivity import Driver, drivers, shares_by_sample

Array = NDArray[np.floating[Any]]

SAMPLES = 2048
"""Samples of each of the two sets."""
SINGLE = 6
"""Single numbers that are looked at closely for each injection."""
ROUGH, LEAST = 0.003, 0.002
"""Rough share from which a single number is looked at, and share from which it is told."""
NAMES = {
    "donor": "The donor's own luck",
    "needle": "Luck of the needle positions",
    "clot": "Luck of a clot in the needle",
    "device": "Luck of the device or culture",
    "harvest": "Numbers of harvest",
    "process": "Numbers of processing",
    "deliver": "Numbers of delivery",
    "laboratory": "Factor of the laboratory",
}
"""Groups in words."""


@dataclass(frozen=True)
class Drivers:
    """What drives the logarithm of the progenitors that reach the lesion of one injection.

    Parameters
    ----------
    spread
        Standard deviation of that logarithm, natural [-].
    groups
        Luck and numbers by group, the largest first, without those that change nothing; their
        totals add to one or more.
    records
        The single numbers of the catalogue that matter most, by id.
    """

    spread: float
    groups: tuple[Driver, ...]
    records: tuple[Driver, ...]


@dataclass(frozen=True)
class Setting:
    """One set of everything uncertain."""

    luck: Luck
    numbers: DoseBeliefs


def what_drives(
    case: Case, reaches: tuple[Reach, ...], *, seed: int, beliefs: Kind, assay: str
) -> tuple[Drivers, ...]:
    """Return the drivers of the dose at the lesion, for each injection.

    Two independent sets of samples; each group of inputs is taken from the second into the
    first in turn. An injection whose dose can be zero has none, for its logarithm has no spread.

    Parameters
    ----------
    case
        The case, already checked.
    reaches
        What lies within reach of the gap for each injection [m^3].
    seed
        The user's seed.
    beliefs
        Whether numbers of the catalogue are drawn; as printed, luck alone drives.
    assay
        Laboratory whose colonies are counted.
    """
    streams = Streams(seed).within("drivers")
    printed = DoseBeliefs.printed()
    injections = case.plan.injections

    def drawn(name: str) -> Setting:
        within = streams.within(name)
        numbers = printed
        if beliefs == "drawn":
            numbers = DoseBeliefs.draw(within.within("record"), SAMPLES)
        return Setting(Luck.of(injections, within, SAMPLES), numbers)

    def outputs(setting: Setting) -> Array:
        """Return the logarithm of the progenitors at the lesion, (injection, sample)."""
        told = chain(case.patient, injections, reaches, setting.numbers, setting.luck)
        factor = laboratory(setting.numbers, assay)
        counted = [
            t.at["lesion"].progenitors * (1.0 if t.is_cultured else factor) * np.ones(SAMPLES)
            for t in told
        ]
        with np.errstate(divide="ignore"):
            found: Array = np.log(np.array(counted))
        return found

    first, second = drawn("first"), drawn("second")
    f_a, f_b = outputs(first), outputs(second)
    exchanged = _groups(first, second)
    of_groups = {name: outputs(make()) for name, make in exchanged.items()}
    sampled = first.numbers.sampled()
    close = [_close(sampled, f_a[number]) for number in range(len(injections))]
    of_records = {
        key: outputs(Setting(first.luck, first.numbers.exchanged(second.numbers, {key})))
        for key in dict.fromkeys(key for keys in close for key in keys)
    }
    found = []
    for number in range(len(injections)):
        a, b = f_a[number], f_b[number]
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            found.append(Drivers(0.0, (), ()))
            continue
        rng = streams.named("resampling", number)
        groups = drivers(a, b, {name: f[number] for name, f in of_groups.items()}, rng)
        records = drivers(a, b, {key: of_records[key][number] for key in close[number]}, rng)
        found.append(
            Drivers(
                float(np.concatenate([a, b]).std()),
                tuple(driver for driver in groups if driver.total > 0.0),
                tuple(driver for driver in records if driver.total > LEAST),
            )
        )
    return tuple(found)


def _groups(first: Setting, second: Setting) -> dict[str, Callable[[], Setting]]:
    """Return what makes the first set with one group of the second."""

    def lucky(name: Lucky) -> Callable[[], Setting]:
        return lambda: Setting(first.luck.exchanged(second.luck, name), first.numbers)

    def numbered(keys: frozenset[str]) -> Callable[[], Setting]:
        return lambda: Setting(first.luck, first.numbers.exchanged(second.numbers, keys))

    found: dict[str, Callable[[], Setting]] = {n: lucky(n) for n in get_args(Lucky)}
    sampled = first.numbers.sampled()
    for group in (*STAGES, "laboratory"):
        keys = frozenset(key for key in sampled if _group(key, first.numbers) == group)
        if keys:
            found[group] = numbered(keys)
    return found


def _group(identifier: str, numbers: DoseBeliefs) -> str:
    is_laboratory = identifier.startswith("laboratories.")
    return "laboratory" if is_laboratory else numbers.stage[identifier]


def _close(sampled: Mapping[str, Array], output: Array) -> list[str]:
    """Return the single numbers that seem to matter most."""
    if not np.isfinite(output).all():
        return []
    rough = shares_by_sample(sampled, output)
    best = sorted(rough, key=lambda key: -rough[key])[:SINGLE]
    return [key for key in best if rough[key] > ROUGH]
