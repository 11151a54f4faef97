"""The rules of candidacy: what speaks against a procedure or asks for care, and why."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from trephine.catalogue.cohorts import checked, files, read
from trephine.catalogue.evidence_grade import Founded, check_sources
from trephine.catalogue.load import catalogue

FOLDER = "candidacy"

Weight = Literal["contraindication", "caution", "left out of trials"]

WEIGHTS: Mapping[Weight, str] = MappingProxyType(
    {
        "contraindication": "named as a reason not to",
        "caution": "named as a reason for care",
        "left out of trials": "trials took nobody with it, so nothing was seen",
    }
)
"""How much a caution weighs, heaviest first."""

Asked = Literal[
    "infection",
    "bleeding_disorder",
    "platelets",
    "anticoagulated",
    "cancer",
    "pregnant",
    "diabetes",
    "smoker",
    "age",
    "body_mass_index",
    "osteonecrosis_risk",
]
"""What a caution may ask of a patient: a yes or no of the document, or a number of it."""


class Caution(Founded):
    """Something of a person that speaks against a procedure, or asks for care.

    Parameters
    ----------
    asks
        What of the patient it asks.
    named
        The same in words.
    weight
        How much it weighs.
    below, above
        For a number: from where on it applies, in the unit in which ``named`` says it.
    when
        Facts of the case that must all hold, see :data:`trephine.catalogue.aftercare.FACTS`.
    """

    asks: Asked
    named: Annotated[str, Field(min_length=3)]
    weight: Weight
    below: float | None = None
    above: float | None = None
    when: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _asks_a_number_or_a_yes(self) -> Caution:
        is_number = self.asks in {"platelets", "age", "body_mass_index"}
        if is_number == (self.below is None and self.above is None):
            raise ValueError("a number needs below or above, a yes or no takes neither")
        if self.grade == "custom":
            raise ValueError("a caution needs a source; leave it out where there is none")
        return self


@cache
def cautions() -> Mapping[str, Caution]:
    """Return the cautions that ship with the program by name, the heaviest first.

    Raises
    ------
    CatalogueError
        If the data file is malformed, or a caution names an unknown source, or none.
    """
    found: dict[str, Any] = {}
    for name, entry in files(FOLDER):
        found.update(parsed(read(entry, f"{FOLDER}/{name}.toml"), f"{FOLDER}/{name}.toml"))
    order = list(WEIGHTS)
    return MappingProxyType(dict(sorted(found.items(), key=lambda e: order.index(e[1].weight))))


def parsed(data: Mapping[str, object], place: str) -> dict[str, Caution]:
    """Return cautions from plain data, each with a source that is known."""
    found = {}
    for key, value in data.items():
        found[key] = checked(Caution, value, f"{place}: {key}")
        check_sources(f"{place}: {key}", found[key], catalogue().sources)
    return found
