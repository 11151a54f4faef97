"""A trial file: a population, arms with their plans, endpoints with what was published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from trephine.case import population as population_file
from trephine.case.document import Document, table, validate
from trephine.case.population import Population
from trephine.core.errors import InputError, Problem, did_you_mean
from trephine.core.units import Unit

Name = Annotated[str, Field(min_length=1, max_length=80)]
Count = Annotated[int, Field(ge=1, le=100_000, strict=True)]
Time = Annotated[float, Unit("s", "wk", gt=0)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Chance = Annotated[float, Unit("1", "1", gt=0, le=0.999)]

Looked = Literal[
    "union",
    "nonunion",
    "reoperation",
    "delayed union",
    "time to union",
    "callus volume",
    "RUST",
    "mRUST",
    "callus stiffness",
    "progenitors",
    "progenitors per volume",
    "nucleated cells",
    "volume aspirated",
]
"""What a trial can look at, by its standard name; ``reoperation`` counts who is not united, and
``delayed union`` whose RUST is under the score of the catalogue's definition at that time."""
Measured = Literal[
    "share",
    "level",
    "correlation",
    "difference",
    "risk difference",
    "ratio",
    "odds ratio",
]
"""How what is looked at becomes one number of an arm, or of an arm against another."""
SHARES = ("union", "nonunion", "reoperation", "delayed union")
COMPARING = ("difference", "risk difference", "ratio", "odds ratio")
OF_SHARES = ("share", "risk difference", "ratio", "odds ratio")
Doses = Literal["progenitors", "progenitors per volume"]


class Arm(Document):
    """Patients who are treated alike.

    Parameters
    ----------
    name
        As tables call it.
    about
        In words.
    n
        How many patients a trial of this size has.
    plan
        Keys of the plan that replace those of the base case, written as in a case file:
        ``[[arms.plan.steps]]``. Without them the arm has the plan of the base case.
    published
        Arm of the published study that this one is.
    """

    name: Name
    about: str = ""
    n: Count
    plan: dict[str, Any] = Field(default_factory=dict)
    published: str = ""


class Looking(Document):
    """What is looked at, in whom, and when.

    Parameters
    ----------
    outcome
        Its standard name.
    measure
        How it becomes a number.
    time
        When; the last visit of the plan unless given [s].
    statistic
        Mean or median, of a level.
    of
        In whom: all patients, or those who had united or not by then.
    dose
        With which dose an outcome is correlated.
    counted
        Where cells of a dose are counted: in what was drawn, in the product, in what was
        injected, at the lesion, and where they stay.
    assay
        Laboratory in whose colonies progenitors are counted.
    """

    outcome: Looked
    measure: Measured = "level"
    time: Time | None = None
    statistic: Literal["mean", "median"] = "mean"
    of: Literal["all", "united", "not united"] = "all"
    dose: Doses = "progenitors"
    counted: Literal["drawn", "product", "injected", "lesion", "stays"] = "injected"
    assay: str = "reference"

    @model_validator(mode="after")
    def _the_measure_fits(self) -> Self:
        is_share = self.outcome in SHARES
        if is_share and self.measure in {"level", "correlation"}:
            raise ValueError(f"{self.outcome} is a share of patients; write measure = 'share'")
        if not is_share and self.measure in {"share", "risk difference", "odds ratio"}:
            raise ValueError(f"{self.outcome} is no share of patients; write measure = 'level'")
        return self


class Observed(Document):
    """What was published of an endpoint, where the catalogue does not hold it.

    Parameters
    ----------
    value
        The number, or the sign of a correlation: ``"positive"`` or ``"negative"``.
    unit
        Its unit, ``"%"`` for a share.
    n
        Patients it is of; those of the arm unless given.
    source, where
        Where it was read.
    role
        ``calibrate`` where it set a parameter.
    """

    value: Finite | Literal["positive", "negative"]
    unit: str = ""
    n: Count | None = None
    source: Annotated[str, Field(min_length=1)]
    where: str = ""
    role: Literal["calibrate", "holdout", "context"] = "context"


class Endpoint(Looking):
    """An outcome of an arm, and what was published of it.

    Parameters
    ----------
    arm
        Of which arm.
    against
        Which arm is the comparator, for differences and ratios.
    published
        Where the catalogue holds it: ``arm.endpoint`` of the trial's cohort, or
        ``study.arm.endpoint``.
    observed
        What was published, written out.
    """

    arm: Name
    against: Name | None = None
    published: str = ""
    observed: Observed | None = None

    @model_validator(mode="after")
    def _is_told_once(self) -> Self:
        if self.published and self.observed is not None:
            raise ValueError("give published or observed, not both")
        if (self.against is not None) != (self.measure in COMPARING):
            raise ValueError(
                f"against = 'another arm' goes with measure = {' or '.join(map(repr, COMPARING))}"
            )
        return self


class Scenario(Document):
    """The same patients under another assumption.

    Parameters
    ----------
    name, about
        What is assumed.
    values
        What every patient has at places of the case, written as ``--set`` takes them.
    lost_per_year, missed_visits
        In place of those of the population.
    """

    name: Name
    about: str = ""
    values: dict[str, Any] = Field(default_factory=dict)
    lost_per_year: Annotated[float, Unit("1", "1", ge=0, le=0.99)] | None = None
    missed_visits: Annotated[float, Unit("1", "1", ge=0, le=1)] | None = None


class Design(Looking):
    """A trial that is to be planned: what it would find between two arms.

    Parameters
    ----------
    name
        What it is called.
    arms
        The treated arm and its comparator.
    test
        ``share`` compares shares (Fisher's exact test), ``level`` means (Welch's test) and
        ``curve`` the times to union (log-rank test).
    n
        Patients in each arm.
    power
        Chance of a finding that is aimed at.
    alpha
        Chance of a finding where there is no difference, both sides together.
    """

    name: Name
    arms: Annotated[list[Name], Field(min_length=2, max_length=2)]
    outcome: Looked = "union"
    measure: Measured = "share"
    test: Literal["share", "level", "curve"] = "share"
    n: Annotated[list[Count], Field(min_length=1, max_length=20)]
    power: Chance = 0.8
    alpha: Annotated[float, Unit("1", "1", gt=0, le=0.5)] = 0.05

    @model_validator(mode="after")
    def _the_test_fits(self) -> Self:
        if (self.outcome in SHARES) != (self.test == "share") and self.test != "curve":
            kind = "share" if self.outcome in SHARES else "level"
            raise ValueError(f"{self.outcome} is compared by test = '{kind}' or 'curve'")
        return self


class Trial(Document):
    """A population, arms with their plans, endpoints, and designs to plan.

    Parameters
    ----------
    format
        Version of the trial file's layout.
    name, about
        What it is.
    cohort
        The published study it stands beside, by its name in the catalogue.
    baseline
        Score of risk that tells who unites, in place of the healing model.
    population
        Who is treated; a table, or in a file the path of a file that holds it.
    arms, endpoints, designs, scenarios
        See there.
    """

    format: Literal[1] = 1
    name: Name
    about: str = ""
    cohort: str = ""
    baseline: Literal["nurd", "bhandari"] | None = None
    population: Population
    arms: Annotated[list[Arm], Field(min_length=1, max_length=20)]
    endpoints: list[Endpoint] = Field(default_factory=list)
    designs: list[Design] = Field(default_factory=list)
    scenarios: list[Scenario] = Field(default_factory=list)

    @property
    def by_name(self) -> dict[str, Arm]:
        """The arms by their names."""
        return {arm.name: arm for arm in self.arms}

    def problems(self) -> list[Problem]:
        """Return what names something that is not there, each with its place."""
        found = []
        known = [arm.name for arm in self.arms]
        for kind, names in (
            ("arms", known),
            ("scenarios", [s.name for s in self.scenarios]),
            ("designs", [d.name for d in self.designs]),
        ):
            found += [
                Problem(f"{kind}.{number}.name", f"'{name}' is taken; choose another")
                for number, name in enumerate(names)
                if name in names[:number]
            ]
        if self.baseline is not None:
            found += [
                Problem(f"endpoints.{n}.measure", "a score of risk tells shares alone, no films")
                for n, e in enumerate(self.endpoints)
                if e.outcome not in SHARES or e.outcome == "delayed union"
            ]
        told = [(f"endpoints.{n}.arm", e.arm) for n, e in enumerate(self.endpoints)]
        told += [
            (f"endpoints.{n}.against", e.against)
            for n, e in enumerate(self.endpoints)
            if e.against is not None
        ]
        told += [
            (f"designs.{n}.arms.{k}", name)
            for n, d in enumerate(self.designs)
            for k, name in enumerate(d.arms)
        ]
        found += [
            Problem(place, f"there is no arm '{name}'; {did_you_mean(name, known)}")
            for place, name in told
            if name not in known
        ]
        return found


def read(path: str | Path) -> Trial:
    """Return the trial that a TOML file describes, whole: it needs no other file afterwards.

    Raises
    ------
    InputError
        If the file or one it names cannot be read, or is not valid; every problem at once.
    """
    path = Path(path)
    data = table(path, "a trial")
    people = data.get("population")
    if isinstance(people, str):
        if not people.endswith(".toml"):
            raise InputError(
                f"{path.name} is not a valid trial",
                [Problem("population", "write a table, or the path of a file ending in .toml")],
            )
        data["population"] = population_file.read(path.parent / people).as_written()
    elif isinstance(people, dict):
        data["population"] = population_file.with_base(people, path.parent)
    trial = validate(Trial, data, path.name)
    problems = trial.problems()
    if problems:
        raise InputError(f"{path.name} is not a valid trial", problems)
    return trial
