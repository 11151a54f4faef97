"""How well a sentence for a patient is founded, and what it must carry to be said at all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from trephine.catalogue.printed import Frozen
from trephine.catalogue.vocabulary import Access
from trephine.core.errors import CatalogueError, did_you_mean

Grade = Literal["A", "B", "C", "D", "G", "P", "custom"]

GRADES: Mapping[str, str] = MappingProxyType(
    {
        "A": "a randomised trial, or a review of such",
        "B": "a comparison that was not randomised",
        "C": "a series or survey without comparison",
        "D": "laboratory, animals or mechanism",
        "G": "a guideline or review, by agreement of experts",
        "P": "done so in trials, itself never tested",
        "custom": "customary, no evidence found",
    }
)
"""What each grade means; the first four by design of the studies, best first."""

ACCESS: Mapping[Access, str] = MappingProxyType(
    {
        "seen": "",
        "seen_secondary": "as another page tells it",
        "recalled": "recalled, not read again",
    }
)
"""How a source was read, in words where a reader must know."""


class Founded(Frozen):
    """A sentence with its grade, its sources and how they were read.

    Parameters
    ----------
    text
        The sentence.
    grade
        How well it is founded.
    sources
        Keys of sources; none for what is customary, at least one for all else.
    where
        Where in them, or row of the evidence table.
    access
        How they were read, the least direct of them.
    """

    text: Annotated[str, Field(min_length=10)]
    grade: Grade
    sources: tuple[str, ...] = ()
    where: str = ""
    access: Access | None = None

    @model_validator(mode="after")
    def _is_founded_as_it_says(self) -> Self:
        if self.grade == "custom":
            if self.sources or self.access:
                raise ValueError("what is customary has no source; give it the grade of its source")
        elif not self.sources:
            raise ValueError(
                f"grade {self.grade} needs a source; without one the grade is 'custom'"
            )
        elif self.access is None or not self.where:
            raise ValueError("say where in the source, and how it was read (access)")
        return self


def check_sources(place: str, founded: Founded, known: Mapping[str, object]) -> None:
    """Raise CatalogueError if a sentence names a source that the catalogue does not have."""
    for key in founded.sources:
        if key not in known:
            raise CatalogueError(f"{place}: unknown source '{key}'; {did_you_mean(key, known)}")
