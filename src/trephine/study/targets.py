"""Owns what the calibration is fitted to: published values that may set a parameter, no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trephine.case.trial import SHARES, Endpoint, Trial
from trephine.catalogue.cohorts import Arm, Study, cohorts, values
from trephine.study.designed import WEEKS
from trephine.study.published import UNITS, Published, full_name, kind_of, published
from trephine.study.sampling import CELLS

WEEK = 7.0 * 86400.0
ROLE: Literal["calibrate"] = "calibrate"
"""The one role that may set a parameter."""


@dataclass(frozen=True)
class Target:
    """A published value that the calibration is fitted to.

    Parameters
    ----------
    identifier
        Its id in the catalogue, ``study.arm.name``.
    trial
        Name of the virtual trial that stands for the study.
    endpoint
        What is looked at there, in whom.
    kind
        ``share`` of patients, mean ``time`` to union of the united, or mean ``dose``.
    week
        When [wk].
    value
        Patients with the outcome; weeks; or a dose in SI.
    n
        Patients it is of.
    spread
        Standard deviation of single patients, where printed; in the unit of the value.
    rounded
        Half a unit of the last decimal printed, in the unit of the value.
    shown
        As printed.
    """

    identifier: str
    trial: str
    endpoint: Endpoint
    kind: Literal["share", "time", "dose"]
    week: float
    value: float
    n: int
    spread: float | None
    rounded: float
    shown: str


@dataclass(frozen=True)
class LeftOut:
    """A value that may set a parameter and yet is not fitted.

    Parameters
    ----------
    identifier
        Its id in the catalogue.
    trial
        Name of the virtual trial.
    reason
        Why, in words.
    """

    identifier: str
    trial: str
    reason: str


def targets(trials: Sequence[Trial]) -> tuple[tuple[Target, ...], tuple[LeftOut, ...]]:
    """Return the values of trials that are fitted, and those that might be but are not.

    Everything is read from ``cohorts("calibrate")``, which holds nothing of another role. A value
    of a whole series is left out where its parts tell the same outcome, lest patients count twice.
    All patients of an arm are given one volume, so that their number of cells, the concentration of
    what they are given and that of its product are one quantity: the number is kept.
    """
    studies = cohorts(ROLE)
    met = [one for trial in trials for one in _of_trial(trial, studies)]
    found = [one for one in met if isinstance(one, Target)]
    left = [one for one in met if isinstance(one, LeftOut)]
    told_in_parts = {_key(one, _arm(one, studies).part_of) for one in found}
    doubled = [one for one in found if _key(one, one.identifier.split(".")[1]) in told_in_parts]
    left += [LeftOut(one.identifier, one.trial, "its parts tell the same") for one in doubled]
    found = [one for one in found if one not in doubled]
    first: dict[tuple[str, ...], Target] = {}
    for one in sorted(found, key=_rank):
        told = first.setdefault(_key(one, one.identifier.split(".")[1]), one)
        if told is not one and one.kind == "dose":
            reason = f"{told.identifier} tells the same patients and cells"
            left.append(LeftOut(one.identifier, one.trial, reason))
    gone = {(one.identifier, one.trial) for one in left}
    kept = tuple(one for one in found if (one.identifier, one.trial) not in gone)
    return kept, tuple(left)


def _key(one: Target, arm: str) -> tuple[str, ...]:
    """Return what of whom a value tells; concentrations tell the number in the volume given."""
    looked = one.endpoint
    cells = CELLS.get(looked.outcome, looked.outcome).removesuffix(" per volume")
    place = "given" if looked.counted in {"product", "injected"} else looked.counted
    return (one.identifier.split(".")[0], arm, cells, place if one.kind == "dose" else "")


def _rank(one: Target) -> tuple[bool, bool]:
    """Return what is kept first of one quantity: the number, and what was given."""
    return one.endpoint.outcome == "progenitors per volume", one.endpoint.counted == "product"


def _arm(one: Target, studies: Mapping[str, Study]) -> Arm:
    study, arm, _ = one.identifier.split(".")
    return studies[study].arms[arm]


def _of_trial(trial: Trial, studies: Mapping[str, Study]) -> Iterator[Target | LeftOut]:
    """Yield what one trial brings."""
    for endpoint in trial.endpoints:
        told = published(trial, endpoint, ROLE)
        if told is None:
            continue
        identifier = full_name(trial, endpoint)
        looked = endpoint.model_copy(update={"of": told.of})
        reason = _reason(trial, looked, told)
        if reason:
            yield LeftOut(identifier, trial.name, reason)
            continue
        yield _target(trial, looked, told, identifier, studies)


def _reason(trial: Trial, looked: Endpoint, told: Published) -> str:
    """Return why a value is not fitted; nothing where it is."""
    if not told.identifier:
        return "it stands in the trial file alone, not in the catalogue"
    if trial.baseline is not None:
        return "a score of risk tells it, not the healing model"
    if looked.measure not in {"share", "level"} or told.sign:
        return "the fit takes shares and levels alone"
    if looked.measure == "level" and looked.outcome != "time to union" and not _is_dose(looked):
        return "the fit takes union, its time and doses alone"
    if not np.isfinite([told.low, told.high]).all():
        return "it is a bound, not a number"
    return ""


def _is_dose(looked: Endpoint) -> bool:
    return looked.outcome in CELLS


def _target(
    trial: Trial,
    looked: Endpoint,
    told: Published,
    identifier: str,
    studies: Mapping[str, Study],
) -> Target:
    """Return a value in the units of the fit."""
    study, arm, _ = identifier.split(".")
    group = studies[study].arms[arm]
    size = trial.by_name[looked.arm].n
    scale = UNITS[kind_of(looked)][told.unit]
    middle = 0.5 * (told.low + told.high) / scale
    is_share = looked.outcome in SHARES
    n = (told.n if is_share else group.n) or size
    week = WEEKS if looked.time is None else looked.time / WEEK
    value = values(studies)[identifier]
    spreads = [one.value for one in value.spread if one.kind == "sd" and one.value is not None]
    return Target(
        identifier=identifier,
        trial=trial.name,
        endpoint=looked,
        kind="share" if is_share else "dose" if _is_dose(looked) else "time",
        week=week,
        value=round(middle * n) if is_share else middle,
        n=n,
        spread=float(spreads[0]) / scale if spreads else None,
        rounded=told.rounded / scale,
        shown=told.shown,
    )
