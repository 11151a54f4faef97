"""The words of published evidence: conditions, products, outcomes, measures and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class Condition(StrEnum):
    """What was treated or watched."""

    NONUNION = "nonunion"
    DELAYED_OR_NONUNION = "delayed union or nonunion"
    FRACTURE = "fracture"
    BONE_DEFECT = "bone defect"
    OSTEOTOMY = "osteotomy in animals"
    LENGTHENING = "distraction osteogenesis"
    OSTEONECROSIS = "osteonecrosis of the femoral head"
    KNEE = "knee osteoarthritis"
    DISC = "discogenic back pain"
    CUFF = "rotator cuff tear"
    MARROW = "marrow itself"


class Product(StrEnum):
    """What was given; the cells come first, then what went with them."""

    MARROW = "marrow"
    MARROW_CARRIER = "marrow and carrier"
    MARROW_EITHER = "marrow, concentrated or not"
    CONCENTRATE = "concentrate"
    CONCENTRATE_CARRIER = "concentrate and carrier"
    CONCENTRATE_PLATELETS = "concentrate and platelets"
    MONONUCLEAR = "mononuclear cells"
    CULTURED = "cultured cells"
    CULTURED_CARRIER = "cultured cells and carrier"
    CULTURED_PLATELETS = "cultured cells and platelets"
    CELLS_ANY = "cells of any kind"
    STROMAL_VASCULAR = "stromal vascular fraction"
    CORD = "cord tissue cells"
    PLATELETS = "platelet-rich plasma"
    AUTOGRAFT = "autograft"
    SURGERY = "surgery alone"
    CORE_DECOMPRESSION = "core decompression alone"
    CARRIER = "carrier alone"
    CORTICOSTEROID = "corticosteroid"
    HYALURONATE = "hyaluronic acid"
    SALINE = "saline"
    EXERCISE = "exercise"
    NONE = "no cells"


class Outcome(StrEnum):
    """What was looked at, by its standard name."""

    UNION = "union"
    NONUNION = "nonunion"
    DELAYED_UNION = "delayed union"
    TIME_TO_UNION = "time to union"
    REOPERATION = "reoperation"
    RADIOGRAPH = "RUST"
    RESULT = "graded result"
    NEW_BONE = "new bone"
    CALLUS = "callus volume"
    CALLUS_STIFFNESS = "callus stiffness"
    HEALING_INDEX = "healing index"
    WEIGHT_INDEX = "weight-bearing index"
    DISTRACTION_RATE = "distraction rate"
    WAIT = "time to treatment"
    REPEATS = "repeated injections"
    COLLAPSE = "collapse"
    NO_COLLAPSE = "survival free of collapse"
    PROGRESSION = "radiological progression"
    LESION = "lesion volume"
    ARTHROPLASTY = "hip replacement"
    HIP_SURVIVAL = "survival free of hip replacement"
    NO_SURGERY = "surgery avoided"
    VAS = "VAS pain"
    NRS = "NRS pain"
    PAIN = "pain"
    WOMAC = "WOMAC"
    KOOS = "KOOS"
    KOOS_PAIN = "KOOS pain"
    IKDC = "IKDC"
    KSS = "Knee Society score"
    LEAS = "LEAS"
    OKS = "Oxford knee score"
    LEQUESNE = "Lequesne index"
    HHS = "Harris hip score"
    ODI = "ODI"
    CONSTANT = "Constant score"
    UCLA = "UCLA shoulder score"
    ASES = "ASES shoulder score"
    DASH = "DASH"
    PRTEE = "PRTEE"
    AOFAS = "AOFAS ankle score"
    IMPROVEMENT = "reported improvement"
    TENDON = "tendon healed"
    CARTILAGE = "cartilage thickness"
    JOINT_SPACE = "joint-space narrowing"
    MRI = "MRI appearance"
    PFIRRMANN = "Pfirrmann grade"
    INFECTION = "infection"
    COMPLICATION = "complications"
    NUCLEATED = "nucleated cells"
    PROGENITORS = "progenitors"
    NUCLEATED_FOLD = "concentration factor of nucleated cells"
    PROGENITOR_FOLD = "concentration factor of progenitors"
    PROGENITOR_RATIO = "ratio of progenitors"


Better = Literal["higher", "lower", "neither"]
"""Which way is good for a patient."""


@dataclass(frozen=True)
class Meaning:
    """What an outcome tells.

    Parameters
    ----------
    better
        Which way is good for a patient.
    grows
        Whether its share of patients can only grow with time (``True``) or only fall
        (``False``); ``None`` where neither holds.
    """

    better: Better = "neither"
    grows: bool | None = None


def _meanings() -> dict[Outcome, Meaning]:
    o = Outcome
    higher = (
        o.RADIOGRAPH, o.RESULT, o.NEW_BONE, o.CALLUS, o.CALLUS_STIFFNESS, o.KOOS, o.KOOS_PAIN,
        o.IKDC, o.KSS, o.LEAS, o.OKS, o.HHS, o.CONSTANT, o.UCLA, o.ASES, o.AOFAS, o.IMPROVEMENT,
        o.CARTILAGE, o.MRI,
    )  # fmt: skip
    lower = (
        o.NONUNION, o.DELAYED_UNION, o.TIME_TO_UNION, o.HEALING_INDEX, o.WEIGHT_INDEX, o.WAIT,
        o.REPEATS, o.LESION, o.VAS, o.NRS, o.PAIN, o.WOMAC, o.LEQUESNE, o.ODI, o.DASH, o.PRTEE,
        o.JOINT_SPACE, o.PFIRRMANN, o.INFECTION, o.COMPLICATION,
    )  # fmt: skip
    return {
        **{outcome: Meaning() for outcome in o},
        **{outcome: Meaning("higher") for outcome in higher},
        **{outcome: Meaning("lower") for outcome in lower},
        o.UNION: Meaning("higher", grows=True),
        **{x: Meaning("lower", grows=True) for x in (o.COLLAPSE, o.ARTHROPLASTY, o.REOPERATION)},
        o.PROGRESSION: Meaning("lower", grows=True),
        **{
            x: Meaning("higher", grows=False)
            for x in (o.NO_COLLAPSE, o.HIP_SURVIVAL, o.NO_SURGERY, o.TENDON)
        },
    }


MEANINGS: Mapping[Outcome, Meaning] = MappingProxyType(_meanings())
"""What each outcome tells."""

Measure = Literal[
    "share",
    "level",
    "change",
    "improvement",
    "difference",
    "risk difference",
    "odds ratio",
    "standardised difference",
    "ratio",
    "correlation",
    "comparison",
]
"""How an outcome is put into a value: a ``comparison`` or a ``correlation`` may be in words."""

DoseMeasure = Literal[
    "volume aspirated",
    "volume injected",
    "progenitors",
    "progenitors per volume",
    "nucleated cells",
    "nucleated cells per volume",
    "mononuclear cells",
    "stromal cells",
    "CD34+ cells per volume",
]
"""What of a product was counted or measured."""

EffectMeasure = Literal[
    "odds ratio",
    "adjusted odds ratio",
    "risk ratio",
    "hazard ratio",
    "relative increase",
    "risk",
    "risk difference",
    "proportion",
    "mean difference",
    "area under the curve",
    "predictive values",
    "points",
    "list",
]
"""How the effect of a factor is told."""

Access = Literal["seen", "seen_secondary", "recalled"]
"""Whether the number was seen in its source, in another's account of it, or is remembered."""

Role = Literal["calibrate", "holdout", "context"]
"""What a published value may be used for: to set a parameter, only to test, or neither."""
