"""The least difference of a score that matters to a patient, and who can gain it on its scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

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
BELOW = "cannot be told: the score is below the least difference that matters"
"""Why nobody can be told to gain it where a low score is good."""
NEAR = "cannot be told: the score is nearer its best end than the least difference that matters"
"""The same where a high score is good."""

Floats = NDArray[np.float64]


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


def share_who_gain(points: float, burden: float, change: Floats, spread: Floats) -> Floats:
    r"""Return the share of people whose burden falls by so many points, (draw, time) [-].

    .. math:: P(B - \min(\max(B + \Delta, 0), 100) \ge p), \qquad \Delta \sim N(\mu, \sigma^2)

    A burden ends where its scale does, so nobody gains more than the burden there was: below
    :math:`p` the share is zero, and from there on the ends change nothing.

    Parameters
    ----------
    points
        The gain :math:`p`, above zero [points].
    burden
        Before treatment :math:`B` [points].
    change
        Of the group's mean :math:`\mu`, (draw, time) [points].
    spread
        Standard deviation between people :math:`\sigma`, (time,) [points].
    """
    if burden < points:
        return np.zeros_like(change)
    wide = np.where(spread > 0.0, spread, 1.0)
    return np.where(spread > 0.0, norm.cdf((-points - change) / wide), 0.0)
