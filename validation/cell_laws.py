"""What the laws of harvest, processing and delivery give in the units of publications."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trephine.case.document import validate
from trephine.case.harvesting import Harvest
from trephine.case.processing import Concentrate, Spin
from trephine.catalogue.load import catalogue
from trephine.models import aspiration, culture, retention, separation
from trephine.models.aspiration import AspirationParameters
from trephine.models.injection import InjectionParameters
from trephine.models.processing import ProcessParameters, processed
from trephine.models.reading import Reading
from trephine.models.settling import (
    PLATELET,
    CellDensities,
    SettlingParameters,
    recoveries_of_spin,
)

READING = Reading(catalogue())
DRAWING = READING.fill(AspirationParameters)
PROCESSING = READING.fill(ProcessParameters)
SETTLING = READING.fill(SettlingParameters)
INJECTING = READING.fill(InjectionParameters)
ML = 1e-6
DAY = 86400.0
YEAR = 365.25 * DAY
GRANULOCYTES = ("promyelocyte", "myelocyte", "metamyelocyte", "neutrophil", "eosinophil")


def share(volume: float, theta: float) -> float:
    """Share of marrow in a draw of some millilitres [-]."""
    return float(aspiration.marrow_share(volume * ML, theta))


def nucleated(volume: float) -> float:
    """Nucleated cells at one position of the mean donor [1e6/mL]."""
    found = aspiration.nucleated_concentration(
        share(volume, DRAWING.theta_nucleated), DRAWING.marrow_nucleated, DRAWING.blood_nucleated
    )
    return float(found) * 1e-12


def progenitors(volume: float) -> float:
    """CFU-F at one position of the mean donor [1/mL]."""
    depot = share(volume, DRAWING.theta_progenitors)
    return float(aspiration.progenitor_concentration(depot, DRAWING.marrow_progenitors)) * 1e-6


def later_aliquots() -> float:
    """CFU-F of aliquots 2 to 4 of 10 mL over those of the first, proximal humerus."""
    theta = DRAWING.theta_progenitors * DRAWING.sites["proximal_humerus"].depot
    first, all_four = 10 * share(10, theta), 40 * share(40, theta)
    return (all_four - first) / first


def recovered(device: str, *classes: str) -> float:
    """Share of some classes, or of all nucleated cells, that a median run recovers."""
    p = PROCESSING.separation
    found, shares = separation.recoveries(p.devices[device], p), p.shares()
    counted = classes or tuple(shares)
    return sum(found[c] * shares[c] for c in counted) / sum(shares[c] for c in counted)


def granulocyte_macrophage_colonies() -> float:
    """Recovery of the agar progenitors whose density was measured, by the blood bank's device."""
    p = PROCESSING.separation
    device = p.devices["blood_component_separator"]
    denser = replace(p, density={**p.density, separation.PROGENITOR: 1063.5})
    return separation.recoveries(device, denser)[separation.PROGENITOR]


def colony_fold(reduction: float) -> float:
    """CFU-F concentrated by a point-of-care device that reduces the volume [-]."""
    p = PROCESSING.separation
    recovery = separation.recoveries(p.devices["buffy_coat"], p)[separation.PROGENITOR]
    return float(separation.fold(recovery, reduction, 1.0))


def point_of_care_haematocrit() -> float:
    """Haematocrit of 10 mL that a device makes of 12 x 5 mL of a man's marrow and 5 mL citrate."""
    drawing = {"draws": ["12 x 5 mL"], "anticoagulant": "5 mL"}
    plan, facts = validate(Harvest, drawing, "harvest"), aspiration.Facts(age=50 * YEAR)
    pool = aspiration.drawn(facts, plan, DRAWING, aspiration.Donor.mean(), np.zeros((12, 1))).pool
    spinning = {"method": "concentrate", "device": "buffy_coat", "product_volume": "10 mL"}
    made = processed(pool, validate(Concentrate, spinning, "process"), None, PROCESSING, 0.0)
    return float(np.squeeze(made.product.haematocrit))


def kept_in(bed: str, time: float) -> float:
    """Share of the cells that is there after a time [s]."""
    where = INJECTING.retention[bed]
    lost = retention.lost_early(where)
    return float(retention.retained(time, lost, where.fast_half_life, where.slow_half_life))


def platelets_in_plasma(force: float, minutes: float) -> float:
    """Share of the platelets above the red bed of blood in a column of 3.7 cm, after a spin."""
    spin = validate(Spin, {"g": force, "duration": f"{minutes} min", "column": "3.7 cm"}, "spin")
    blood = (DRAWING.blood_haematocrit_female + DRAWING.blood_haematocrit_male) / 2
    return float(recoveries_of_spin(spin, blood, 1e-6, SETTLING).shares[PLATELET])


AGAR = replace(SETTLING, cells=CellDensities({**SETTLING.cells.density, "progenitor": 1063.5}))
"""The numbers of settling, with progenitors as dense as those that form colonies in agar."""


def spun(*classes: str, minutes: float = 12.0) -> float:
    """Share of some classes in the slice of a spun 8-cm column that holds 6 % of the red cells."""
    told = {"g": 1000, "duration": f"{minutes} min", "column": "8 cm"}
    found = recoveries_of_spin(validate(Spin, told, "spin"), 0.30, 0.06, AGAR).shares
    shares = {separation.PROGENITOR: 1.0, **PROCESSING.separation.shares()}
    return sum(shares[c] * float(found[c]) for c in classes) / sum(shares[c] for c in classes)


def two_passages() -> float:
    """Cells that 20,000 CFU-F grow to in two passages, the lag before them included [-]."""
    p = PROCESSING.culture
    duration = p.lag + 2 * p.passage_doublings * p.doubling_time
    return culture.expand(20_000.0, duration, p.doubling_time, p).cells


BLOOD_SHARE = DRAWING.blood_nucleated * 1e-12 * (1 - share(40, DRAWING.theta_nucleated))
