"""Owns how far a right model may lie off a published series, as the calibration takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from trephine.core.units import Positive


@dataclass(frozen=True)
class DiscrepancyParameters:
    """Spreads between a virtual series and the real one; each record says what it is.

    Parameters
    ----------
    share
        Of the log odds of a share.
    time
        Of the logarithm of a mean time to union.
    dose
        Of the logarithm of a mean dose, each for itself. What the laboratory of a series counts is
        off for all its doses alike, by ``aspiration.laboratory_spread``.
    """

    SECTION: ClassVar[str] = "discrepancy"

    share: Positive
    time: Positive
    dose: Positive
