"""The least difference of a score that matters to a patient, on the score's own scale."""

from __future__ import annotations

from trephine.catalogue.effects import LeastDifference, effects
from trephine.models.instruments import INSTRUMENTS

KEYS = {
    "VAS": "vas_pain",
    "NRS": "nrs_pain",
    "WOMAC": "womac_total",
    "KOOS pain": "koos_subscales",
    "KOOS": "koos_subscales",
    "ODI": "odi",
    "DASH": "dash",
    "Constant": "constant_murley",
}
"""Where the evidence tells it of a score; of the others none is told."""


def least_difference(score: str, baseline: float) -> float | None:
    """Return the least change of a score that matters, or nothing where none is told.

    Parameters
    ----------
    score
        Name of the score.
    baseline
        Its value before treatment; some differences are told as a share of it.
    """
    if score not in KEYS:
        return None
    told: LeastDifference = effects().least_differences[KEYS[score]]
    instrument = INSTRUMENTS[score]
    number = told.printed if told.printed is not None else told.high
    if number is None:
        return None
    if told.unit.startswith("%"):
        return float(number) / 100.0 * baseline
    ends = told.scale or (instrument.low, instrument.high)
    scale = (instrument.high - instrument.low) / (float(ends[1]) - float(ends[0]))
    return float(number) * scale
