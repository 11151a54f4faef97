"""Medication: a drug that acts on healing, from one day to another."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from trephine.case.document import Document
from trephine.core.units import Duration, Unit

End = Annotated[float, Unit("s", "d", gt=0)]


class Medication(Document):
    """From this day on, the patient takes a drug.

    Parameters
    ----------
    drug
        Its class: a non-steroidal anti-inflammatory drug or a corticosteroid, at the usual
        dose; the dose itself is not modelled.
    day
        First day [s].
    until
        First day without it [s]; to the end of the follow-up unless given.
    """

    kind: Literal["medication"]
    drug: Literal["nsaid", "corticosteroid"]
    day: Duration
    until: End | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until is not None and self.until <= self.day:
            raise ValueError(
                f"until (day {self.until / 86400:g}) must be after day {self.day / 86400:g}"
            )
        return self

    def is_taken(self, time: float) -> bool:
        """Return whether the patient takes it at a time [s]."""
        return self.day <= time and (self.until is None or time < self.until)
