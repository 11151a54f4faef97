"""A dose as plain data: medians, intervals, drivers, chance and what a reader must be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine import __version__
from trephine.case.case import Case
from trephine.case.harvesting import FatHarvest
from trephine.case.plan import Injection
from trephine.case.prescription import REFERENCE, Place, Prescription
from trephine.case.processing import OF_FAT
from trephine.case.settings import Settings
from trephine.case.suspension import Suspension
from trephine.catalogue.load import catalogue
from trephine.models.burden import PlanningParameters, above_the_cap
from trephine.models.reading import Reading
from trephine.study.chain import Treated
from trephine.study.colonies import dishes
from trephine.study.dose import Dose, chance
from trephine.study.drivers import NAMES, Drivers
from trephine.study.sensitivity import Driver

Array = NDArray[np.floating[Any]]
Plain = dict[str, Any]

QUANTILES = {"low_95": 0.025, "low_80": 0.1, "median": 0.5, "high_80": 0.9, "high_95": 0.975}
"""Ends of the intervals of 95 % and 80 %, and the middle."""
DAY = 86400.0
TIMES = tuple(DAY * np.array([0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 84, 112, 140, 182]))
"""Times after the first injection at which what is present is told [s]."""


def spread(values: Any) -> Plain:  # noqa: ANN401  (a number or an array)
    """Return mean and quantiles of samples, to six figures."""
    ends = np.quantile(np.atleast_1d(np.asarray(values, float)), tuple(QUANTILES.values()))
    found = {"mean": np.mean(values), **dict(zip(QUANTILES, ends, strict=True))}
    return {name: float(f"{value:.6g}") for name, value in found.items()}


def dose_document(
    case: Case,
    dose: Dose,
    driven: Sequence[Drivers],
    prescription: Prescription | None = None,
) -> Plain:
    """Return a dose as plain data, counts and mL, days and shares.

    Parameters
    ----------
    case
        The case.
    dose
        Its dose.
    driven
        What drives the dose of each injection.
    prescription
        What is to be reached, if anything.
    """
    found: Plain = {
        "name": case.name,
        "case_digest": case.digest,
        "version": __version__,
        "catalogue_digest": catalogue().digest,
        "seed": dose.seed,
        "draws": dose.count,
        "numbers": dose.beliefs,
        "laboratory": {
            "name": dose.assay,
            "about": laboratory_words(dose.assay),
            "factor": spread(dose.factor),
        },
        "injections": [
            _injection(case, dose, number, of_it) for number, of_it in enumerate(driven)
        ],
        "together": {
            place: _there(dose, place, None) for place in ("product", "injected", "lesion", "stays")
        },
        "present": _present(dose),
    }
    if prescription is not None:
        found["prescription"] = _prescribed(dose, prescription)
    found["notices"] = notices(case, dose, prescription)
    return found


def _injection(case: Case, dose: Dose, number: int, driven: Drivers) -> Plain:
    step, treated, risk = (
        case.plan.injections[number],
        dose.injections[number],
        dose.risks[number],
    )
    found: Plain = {
        "day": step.day / DAY,
        "process": step.process.as_written(),
        "cultured": treated.is_cultured,
        "drawn_mL": step.harvest.volume * 1e6,
        "funnel": [
            {
                "step": level.name,
                "progenitors": spread(level.progenitors),
                "nucleated": spread(level.nucleated),
            }
            for level in dose.levels(treated)
        ],
        "pool": _held(treated.pool),
        "product": _held(treated.product),
        "at": {
            place: _there(dose, place, number)
            for place in ("product", "injected", "lesion", "stays")
        },
        "drivers": {
            "of": "natural logarithm of the progenitors in the lesion",
            "standard_deviation": float(f"{driven.spread:.4g}"),
            "groups": [_driver(d, _group(d.name, step)) for d in driven.groups],
            "numbers": [_driver(d, catalogue().records[d.name].about) for d in driven.records],
        },
        "held_to_packing": float(np.mean(treated.is_held)),
        "notices": not_as_asked(number + 1, treated),
    }
    spin = getattr(step.process, "spin", None)
    if spin is not None:
        found["spin"] = {"g": float(f"{spin.force:.6g}"), "minutes": spin.duration / 60.0}
    if not treated.is_cultured and not isinstance(step.process, OF_FAT):
        found["assay"] = _assay(dose, number)
    if risk is not None:
        found["risk"] = {
            event: {
                "chance": float(p),
                "interval": [float(risk.low[event]), float(risk.high[event])],
            }
            for event, p in risk.chance.items()
        }
        if risk.haemoglobin_fall is not None:
            found["haemoglobin_fall_g_per_L"] = float(risk.haemoglobin_fall)
    return found


def _assay(dose: Dose, number: int) -> Plain:
    """Return what a colony assay of a product would show in the laboratory of the dose."""
    told = dishes(dose, number)
    return {
        "dishes": told.number,
        "nucleated_in_each": told.plated,
        "colonies": spread(told.colonies),
        "per_million_nucleated": spread(told.per_million),
        "per_mL": spread(np.asarray(told.found.estimate) * 1e-6),
    }


def _group(name: str, step: Injection) -> str:
    """Return a group of inputs in words; what varies in fat is its donor, not the needle."""
    if name == "needle" and isinstance(step.harvest, FatHarvest):
        return "Luck of the donor's fat"
    return NAMES[name]


def _held(held: Suspension) -> Plain:
    return {
        "volume_mL": float(np.mean(held.volume)) * 1e6,
        "nucleated": spread(held.nucleated),
        "platelets": spread(held.platelets),
        "red_cells_mL": spread(np.asarray(held.red_cell_volume) * 1e6),
        "haematocrit": spread(held.haematocrit),
    }


def _there(dose: Dose, place: Place, number: int | None) -> Plain:
    there = dose.at(place, None if number is None else dose.injections[number])
    return {
        "progenitors": spread(there.progenitors),
        "nucleated": spread(there.nucleated),
        "volume_mL": spread(there.volume * 1e6),
        "progenitors_per_mL": spread(there.density * 1e-6),
    }


def _driver(driver: Driver, words: str) -> Plain:
    return {
        "name": driver.name,
        "about": words,
        "first": round(driver.first, 4),
        "first_interval": [round(end, 4) for end in driver.first_interval],
        "total": round(driver.total, 4),
        "total_interval": [round(end, 4) for end in driver.total_interval],
    }


def _present(dose: Dose) -> Plain:
    days = [treated.day for treated in dose.injections]
    last = max(days[0] + TIMES[-1], days[-1] + TIMES[-1] / 4)
    # A second before an injection shows the step that it makes.
    steps = [day - 1.0 for day in days[1:]]
    times = np.unique(np.concatenate([*(day + np.array(TIMES) for day in days), steps]))
    times = times[(times >= days[0]) & (times <= last)]
    rows = dose.present(times.tolist(), tuple(QUANTILES.values()))
    return {
        "day": (times / DAY).tolist(),
        **{
            name: [float(f"{value:.6g}") for value in rows[:, column]]
            for column, name in enumerate(QUANTILES)
        },
    }


def _prescribed(dose: Dose, prescription: Prescription) -> Plain:
    whole = chance(dose, prescription)
    found: Plain = {
        "asked": prescription.in_words(),
        **prescription.as_written(),
        "chance": whole.value,
        "interval": list(whole.interval),
    }
    if len(dose.injections) > 1:
        each = [chance(dose, prescription, treated) for treated in dose.injections]
        found["of_each_injection"] = [one.value for one in each]
    grown = [treated for treated in dose.injections if treated.is_cultured]
    if grown and not prescription.grown:
        counting = chance(dose, prescription.model_copy(update={"grown": True}))
        there = dose.total(prescription.place, grown)
        found["grown_cells"] = {
            "there": spread(there.progenitors),
            "chance": counting.value,
            "interval": list(counting.interval),
        }
    return found


def notices(case: Case, dose: Dose, prescription: Prescription | None) -> list[str]:
    """Return what a reader of a dose must be told, in sentences."""
    said = [_laboratory(dose)]
    for number, (step, treated) in enumerate(
        zip(case.plan.injections, dose.injections, strict=True), start=1
    ):
        said += not_as_asked(number, treated)
        if treated.is_cultured:
            said.append(
                f"Injection {number} is of cultured cells: cells are counted, not colonies, and "
                "each counts as a progenitor as far as culture has kept it one."
            )
        if isinstance(step.process, OF_FAT):
            said.append(f"Injection {number} is of cells of fat, not of marrow.")
    planning = Reading(catalogue()).fill(PlanningParameters)
    said += above_the_cap(case.plan.injections, case.patient.mass, planning)
    said.append(
        "No human count of cells retained in bone was found: what escapes by veins and what "
        "stays after the first days are priors."
    )
    if case.site.gap.width < Settings.preset("draft").voxel:
        said.append("The gap is narrower than a voxel; the room at the lesion is known roughly.")
    if prescription is not None:
        said.append(
            "The interval of the chance is that of the number of samples; how far the model itself "
            "is off is not in it."
        )
        if prescription.assay == REFERENCE:
            said.append("The prescription is taken in colonies of the reference laboratory.")
    return said


def not_as_asked(number: int, treated: Treated) -> list[str]:
    """Return in how many samples an injection could not be made as it was asked for."""
    said = []
    held = float(np.mean(treated.is_held))
    if held > 0:
        said.append(
            f"In {100 * held:.3g} % of the samples injection {number} could not be made as "
            "asked: the cells that come over would not pack into the product, or there "
            "was not enough plasma. There the share that comes over was held to what packs; "
            "a run with the same luck is refused."
        )
    crowded = float(np.mean(treated.is_crowded))
    if crowded > 0:
        said.append(
            f"In {100 * crowded:.3g} % of the samples not all cells that were to be injected go "
            f"into the volume of injection {number}; no denser suspension is injected, and "
            "the others are kept back."
        )
    return said


def laboratory_words(assay: str) -> str:
    """Return the name of a laboratory in words."""
    return assay if assay == REFERENCE else assay.replace("_", " ").capitalize()


def _laboratory(dose: Dose) -> str:
    if dose.assay == REFERENCE:
        told = "the reference laboratory (Muschler 1997) counts them"
    else:
        told = f"they are counted in {laboratory_words(dose.assay)}"
        told += f", about {np.median(dose.factor):.2g} for each of the reference laboratory"
    return (
        f"Progenitors are told as {told}. Laboratories differ by a factor of five and more; what "
        "another one would count is not predicted."
    )
