"""What was published of the endpoints of a trial, found in the catalogue or in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trephine.case.trial import SHARES, Endpoint, Looking, Trial
from trephine.catalogue import cohorts
from trephine.catalogue.cohorts import Endpoint as Printed
from trephine.catalogue.cohorts import Study
from trephine.catalogue.printed import rounding
from trephine.catalogue.vocabulary import Role
from trephine.core.errors import CatalogueError, InputError, Problem, did_you_mean
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.study.dose import laboratory

SIGNS = {"positive": 1, "negative": -1}
"""Words for the sign of a correlation."""
OUTCOMES: dict[str, Literal["united", "not united"]] = {
    "united": "united",
    "not_united": "not united",
}
"""Arms of a published study that hold those who united, or did not."""
UNITS: dict[str, dict[str, float]] = {
    "share": {"%": 100.0, "% points": 100.0, "1": 1.0},
    "time to union": {"weeks": 1.0, "months": 7 * 12 / 365.25, "days": 7.0},
    "callus volume": {"mL": 1e6, "cm^3": 1e6},
    "RUST": {"points": 1.0},
    "mRUST": {"points": 1.0},
    "callus stiffness": {"N/mm": 1e-3},
    "progenitors": {"CFU": 1.0, "1": 1.0, "cells": 1.0},
    "progenitors per volume": {"CFU/mL": 1e-6, "1/mL": 1e-6},
    "nucleated cells": {"cells": 1.0, "1": 1.0},
    "volume aspirated": {"mL": 1e6},
}
"""Units that each outcome is told in, the first unless another was published, and what takes a
predicted value to them."""


@dataclass(frozen=True)
class Published:
    """What was published of an endpoint.

    Parameters
    ----------
    low, high
        The value, twice, or the range that it lies in; infinite beyond a bound.
    shown
        What is printed.
    sign
        Sign of a correlation that is told in words, else 0.
    rounded
        Half a unit of the last decimal printed.
    unit
        As printed.
    n
        Patients it is of, where told.
    of
        In whom: all patients, or those who united or did not.
    role
        What it may be used for.
    source, identifier
        Where it is from, and its place in the catalogue.
    """

    low: float
    high: float
    shown: str
    sign: int
    rounded: float
    unit: str
    n: int | None
    of: Literal["all", "united", "not united"]
    role: str
    source: str
    identifier: str = ""


def problems(trial: Trial) -> list[Problem]:
    """Return what endpoints name that the catalogue does not hold, each with its place."""
    found = []
    if trial.cohort and trial.cohort not in cohorts.cohorts():
        hint = did_you_mean(trial.cohort, cohorts.cohorts())
        found.append(Problem("cohort", f"there is no published study '{trial.cohort}'; {hint}"))
    for number, endpoint in enumerate(trial.endpoints):
        try:
            published(trial, endpoint)
        except InputError as error:
            place = "published" if endpoint.published else "observed.unit"
            found.append(Problem(f"endpoints.{number}.{place}", str(error)))
        try:
            laboratory(DoseBeliefs.printed(), endpoint.assay)
        except (InputError, CatalogueError) as error:
            found.append(Problem(f"endpoints.{number}.assay", str(error)))
    return found


def published(trial: Trial, endpoint: Endpoint, role: Role | None = None) -> Published | None:
    """Return what was published of an endpoint, or None.

    Parameters
    ----------
    trial, endpoint
        The document, and the endpoint of it.
    role
        Only what has this role, read from a catalogue that holds nothing else; whatever it is
        unless given.

    Raises
    ------
    InputError
        If it names nothing the catalogue holds, or has a unit that fits no prediction.
    """
    found = None
    if endpoint.observed is not None:
        told = endpoint.observed
        if role not in {None, told.role}:
            return None
        sign = SIGNS.get(str(told.value), 0)
        value = 0.0 if sign else float(told.value)
        shown = str(told.value) if sign else f"{told.value:g} {told.unit}".strip()
        found = Published(
            value, value, shown, sign, 0.0, told.unit, told.n, endpoint.of, told.role,
            f"{told.source} {told.where}".strip(),
        )  # fmt: skip
    elif endpoint.published:
        studies = cohorts.cohorts(role)
        if role is not None and full_name(trial, endpoint) not in cohorts.values(studies):
            return None
        found = _in_catalogue(trial, endpoint, studies)
    known = UNITS[kind_of(endpoint)]
    if found is not None and not found.sign and endpoint.measure not in {"ratio", "odds ratio"}:
        if endpoint.measure == "correlation":
            known = {"1": 1.0, "": 1.0}
        if found.unit not in known:
            units = " or ".join(f"'{unit}'" for unit in known)
            raise InputError(f"a {endpoint.outcome} in '{found.unit}' fits nothing; give {units}")
    return found


def full_name(trial: Trial, endpoint: Endpoint) -> str:
    """Return the id that an endpoint names in the catalogue, ``study.arm.name``."""
    parts = endpoint.published.split(".")
    return ".".join([trial.cohort, *parts] if len(parts) == 2 and trial.cohort else parts)


def _in_catalogue(trial: Trial, endpoint: Endpoint, studies: Mapping[str, Study]) -> Published:
    """Return what the catalogue holds under the name that an endpoint gives."""
    name = full_name(trial, endpoint)
    parts = name.split(".")
    everything = cohorts.values(studies)
    if name not in everything:
        hint = did_you_mean(name, everything)
        hint = hint if hint.startswith("did") else "'trephine evidence show STUDY' lists them"
        raise InputError(f"the catalogue holds no '{name}'; {hint}")
    value = everything[name]
    study = studies[parts[0]]
    arm = study.arms[parts[1]]
    of = OUTCOMES.get(parts[1], endpoint.of)
    # Arms that are told apart by their outcome are parts of the one that was treated.
    n = study.arms[arm.part_of].n if parts[1] in OUTCOMES and arm.part_of else arm.n
    sign, low, high, unit = 0, 0.0, 0.0, value.unit
    counts = value.events if isinstance(value, Printed) else ()
    if isinstance(value, Printed) and value.total:
        n = value.total
    if counts and n and endpoint.measure == "share":
        low = high = 100.0 * sum(counts) / n
        unit = "%"
    elif value.words:
        sign = SIGNS.get(value.words.split()[0].strip(",;"), 0)
        if not sign:
            raise InputError(f"'{name}' is told in words that say no sign: {value.words}")
    elif value.printed is not None:
        low = -np.inf if value.sign in {"<", "<="} else float(value.printed)
        high = np.inf if value.sign in {">", ">="} else float(value.printed)
    else:
        low, high = float(value.low or 0), float(value.high or 0)
    return Published(
        low=low,
        high=high,
        shown=value.value,
        sign=sign,
        rounded=0.0 if value.printed is None else rounding(value.printed),
        unit=unit,
        n=n,
        of=of,
        role=value.role,
        source=value.source,
        identifier=name,
    )


def kind_of(endpoint: Looking) -> str:
    """Return what of :data:`UNITS` an outcome is told in."""
    return "share" if endpoint.outcome in SHARES else endpoint.outcome
