"""Published effects that set no model: risk factors, harms, least differences, patients."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field

from trephine.catalogue.cohorts import checked, files, read
from trephine.catalogue.printed import Frozen, Number, Printed
from trephine.catalogue.vocabulary import Condition, EffectMeasure, Product

FOLDER = "effects"


class RiskFactor(Printed):
    """How much a factor goes with an outcome.

    Parameters
    ----------
    factor
        What the patient, the injury or the treatment has; empty for the risk of all.
    population, outcome
        In words.
    measure
        How the effect is told.
    adjusted
        Whether other factors were held fixed: ``partly`` where studies differ, ``alone`` where the
        factor was tested by itself.
    n
        How many were studied.
    """

    factor: str = ""
    population: str
    outcome: str
    measure: EffectMeasure
    adjusted: Literal["yes", "no", "partly", "alone", "not told"]
    n: Annotated[int, Field(gt=0)] | None = None

    @property
    def what(self) -> str:
        """What goes with what, in whom, in one piece of text."""
        return f"{self.factor or 'all'}: {self.outcome}, {self.measure}; {self.population}"


class Harm(Printed):
    """How often something bad came with a harvest or an injection; the value is a share in %.

    Parameters
    ----------
    event, population
        In words.
    events, total
        Counts as printed.
    severity
        In words.
    window
        Within which time.
    """

    event: str
    population: str
    events: Annotated[int, Field(ge=0)] | None = None
    total: Annotated[int, Field(gt=0)] | None = None
    severity: str
    window: str = ""

    @property
    def what(self) -> str:
        """What happened to whom, in one piece of text."""
        window = f", {self.window}" if self.window else ""
        return f"{self.event}{window}; {self.population}"

    @property
    def certainty(self) -> str:
        """Counts and spread, in one piece of text."""
        counts = f"{self.events} of {self.total}" if self.events is not None and self.total else ""
        return "; ".join(part for part in (counts, super().certainty) if part)


class LeastDifference(Printed):
    """The least difference of an instrument that matters to a patient.

    Parameters
    ----------
    instrument, population
        In words.
    method
        How it was found.
    """

    instrument: str
    population: str
    method: str = ""

    @property
    def what(self) -> str:
        """Of which instrument and in whom, in one piece of text."""
        method = f", by {self.method}" if self.method else ""
        return f"{self.instrument}; {self.population}{method}"


class Patient(Frozen):
    """One patient of a study that tells of each.

    Parameters
    ----------
    study, patient
        Names.
    arm
        What the patient got, in words.
    product
        The same by its standard name.
    condition
        By its standard name.
    population
        What was wrong, in words.
    sex
        Where told.
    site
        Bone or joint.
    months
        Months of follow-up.
    outcome
        What was looked at.
    grades
        The grades given; two where the source gives two.
    scale
        What the grades mean.
    besides
        Other findings, as printed.
    source, where, access, confidence, note
        As of any published value.
    """

    study: str
    patient: str
    arm: str
    product: Product
    condition: Condition
    population: str
    sex: Literal["M", "F"] | None = None
    site: str
    months: Number | None = None
    outcome: str
    grades: tuple[int, ...] = ()
    scale: str = ""
    besides: Mapping[str, int] = {}
    source: str
    where: str
    access: Literal["seen", "seen_secondary", "recalled"]
    confidence: Annotated[float, Field(gt=0, le=1)]
    note: str = ""


class Effects(Frozen):
    """All published effects, each table by name."""

    risk_factors: Mapping[str, RiskFactor]
    harms: Mapping[str, Harm]
    least_differences: Mapping[str, LeastDifference]
    patients: Mapping[str, Patient]


def values(found: Effects) -> dict[str, Printed]:
    """Return every value of the tables, but no patient, by its id, ``table.name``."""
    return {
        f"{table}.{key}": value
        for table in NUMBERED
        for key, value in getattr(found, table).items()
    }


KINDS: Mapping[str, type[Frozen]] = MappingProxyType(
    {
        "risk_factors": RiskFactor,
        "harms": Harm,
        "least_differences": LeastDifference,
        "patients": Patient,
    }
)

NUMBERED = ("risk_factors", "harms", "least_differences")
"""The tables whose entries are numbers: all but the patients."""


@cache
def effects() -> Effects:
    """Return the published effects that ship with the program.

    Raises
    ------
    CatalogueError
        If a data file is malformed; says the place.
    """
    tables: dict[str, Any] = {name: {} for name in KINDS}
    for name, entry in files(FOLDER):
        place = f"{FOLDER}/{name}.toml"
        for key, value in read(entry, place).items():
            tables[name][key] = checked(KINDS[name], value, f"{place}: {key}")
    return Effects(**tables)
