"""Cells of a trial: one patient in one arm, and what heals them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import trephine
from trephine import pipeline
from trephine.case.case import Case
from trephine.case.document import validate
from trephine.case.places import put
from trephine.case.population import Population
from trephine.case.settings import Settings
from trephine.case.trial import Arm, Scenario, Trial
from trephine.core.errors import InputError, Problem, TrephineError
from trephine.core.rng import Streams
from trephine.intake.lesion import lesion_grid
from trephine.intake.shaft import surfaces
from trephine.models.beliefs import Beliefs
from trephine.study import patients
from trephine.study.outcomes import PatientOutcome
from trephine.study.resolution import fitting

AS_GIVEN = ""
"""Name of the scenario in which the population is as the file says."""

Law = Literal["drawn", "posterior"]
"""By what the catalogue's numbers are drawn: their spreads, or the posterior for those that were
calibrated and spreads for the others."""
Key = tuple[str, str]
"""A scenario and an arm."""


@dataclass(frozen=True)
class Cell:
    """One patient in one arm: all that decides the outcome, as plain data.

    Parameters
    ----------
    case, settings
        Documents as written.
    seed
        The patient's luck, the same in every arm.
    numbers
        Law, seed and number of the draw of the catalogue's numbers; None as printed.
    """

    case: Mapping[str, Any]
    settings: Mapping[str, Any]
    seed: int
    numbers: tuple[Law, int, int] | None


Engine = Callable[[Cell], PatientOutcome]
"""Gives the outcome of a cell; a function of a module, so that it can be sent to workers."""


def code() -> dict[str, Any]:
    """Return the versions of the program and its stages."""
    stages = {s.__name__.rsplit(".", 1)[-1]: s.VERSION for s in pipeline.STAGES}
    return {"version": trephine.__version__, "stages": stages}


def voxels(cell: Cell) -> PatientOutcome:
    """Return the outcome of a cell by the whole pipeline, from needle to X-ray."""
    case = validate(Case, dict(cell.case), "a patient")
    settings = validate(Settings, dict(cell.settings), "settings")
    run = pipeline.run(case, beliefs=_beliefs(cell.numbers), settings=settings, seed=cell.seed)
    return PatientOutcome.of(run)


@lru_cache(maxsize=8)
def _beliefs(numbers: tuple[Law, int, int] | None) -> Beliefs:
    """Return the numbers of the catalogue, or a draw of them."""
    if numbers is None:
        return Beliefs.printed()
    law, seed, replicate = numbers
    luck = Streams(seed).within("replicate", replicate).named("record")
    return Beliefs.draw(luck) if law == "drawn" else Beliefs.posterior(luck)


@dataclass(frozen=True)
class Attempt:
    """An engine that keeps the error of a patient in place of an outcome."""

    engine: Engine

    def __call__(self, cell: Cell) -> tuple[PatientOutcome, bool]:
        """Return the outcome, and whether it may be kept on disk.

        What trephine refuses it would refuse again; anything else may have been the machine.
        """
        try:
            return self.engine(cell), True
        except TrephineError as error:
            return PatientOutcome(error=error.in_one_line), True
        except Exception as error:  # noqa: BLE001  (whatever it is, the patient stays counted)
            return PatientOutcome(error=f"{type(error).__name__}: {error}"), False


@dataclass(frozen=True)
class Group:
    """Patients of one arm under one scenario, drawn replicate by replicate."""

    population: Population
    arm: Arm
    drawn: tuple[patients.Features, ...]


def groups(trial: Trial, seed: int, count: int, replicates: int) -> dict[Key, Group]:
    """Return the patients of every scenario and arm; all arms share them."""
    found: dict[Key, Group] = {}
    scenarios: list[Scenario | None] = [None, *trial.scenarios]
    for scenario in scenarios:
        population = assumed(trial.population, scenario)
        drawn = tuple(
            patients.features(population, _luck(seed, replicate), count)
            for replicate in range(replicates)
        )
        for arm in trial.arms:
            name = AS_GIVEN if scenario is None else scenario.name
            found[(name, arm.name)] = Group(population, arm, drawn)
    return found


def _luck(seed: int, replicate: int) -> Streams:
    return Streams(seed).within("trial", replicate)


def assumed(population: Population, scenario: Scenario | None) -> Population:
    """Return the population under a scenario: what it sets varies no more."""
    if scenario is None:
        return population
    document = population.as_written()
    problems = []
    for place, value in scenario.values.items():
        if not place.startswith("fact."):
            try:
                put(document["base"], place, value)
            except LookupError as error:
                problems.append(Problem(f"values.{place}", str(error.args[0])))
            document["vary"].pop(place, None)
    if problems:
        raise InputError(f"the scenario '{scenario.name}' cannot be had", problems)
    left = document["vary"]
    document["link"] = [x for x in document["link"] if all(p in left for p in x["places"])]
    for name in ("lost_per_year", "missed_visits"):
        if getattr(scenario, name) is not None:
            document[name] = getattr(scenario, name)
    return validate(Population, document, f"the scenario '{scenario.name}'")


def cells(
    group: Group, settings: Settings, drawn_with: tuple[Law, int] | None
) -> list[Cell | PatientOutcome]:
    """Return the cell of each patient, or an error where the facts make no valid case.

    Parameters
    ----------
    group
        The patients.
    settings
        Numerics; a patient whose gap is narrower than the voxel gets a finer one.
    drawn_with
        Law and seed with which numbers are drawn anew in each replicate; None for numbers as
        printed.
    """
    found: list[Cell | PatientOutcome] = []
    for replicate, drawn in enumerate(group.drawn):
        numbers = None if drawn_with is None else (*drawn_with, replicate)
        for index in range(drawn.count):
            try:
                case = patients.patient(group.population, drawn, index, group.arm.plan)
            except InputError as error:
                found.append(PatientOutcome(error=error.in_one_line))
                continue
            luck = int(drawn.luck(index).named("run").integers(2**62))
            found.append(Cell(case.as_written(), fitting(case, settings), luck, numbers))
    return found


def order(cell: Cell) -> tuple[tuple[int, ...], float]:
    """Return the grid of a cell and the width of its gap, which tell what must be compiled."""
    case = validate(Case, dict(cell.case), "a patient")
    settings = validate(Settings, dict(cell.settings), "settings")
    shaft = case.site.shaft
    if shaft is None:
        return (0,), case.site.gap.width
    try:
        return lesion_grid(surfaces(shaft)[0].reach, case.site, settings).shape, case.site.gap.width
    except InputError:  # told by the run itself
        return (0,), case.site.gap.width
