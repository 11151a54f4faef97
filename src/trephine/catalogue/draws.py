"""Owns draws of numbers that were fitted together, as the catalogue keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import model_validator

from trephine.catalogue.printed import Frozen


class Draws(Frozen):
    """Draws of numbers, each as likely as the others.

    Parameters
    ----------
    about
        What it is, in words.
    fitted_to
        Ids of the published values, ``study.arm.name``.
    draws
        Values by record id, each (draw,), in the unit of the record. A row of all is one draw;
        they belong together.
    """

    about: str
    fitted_to: tuple[str, ...]
    draws: Mapping[str, tuple[float, ...]]

    @model_validator(mode="after")
    def _rows_are_whole(self) -> Self:
        if len({len(column) for column in self.draws.values()}) != 1 or not len(self):
            raise ValueError("every record needs the same number of draws, and at least one")
        return self

    def __len__(self) -> int:
        """Return how many draws there are."""
        return len(next(iter(self.draws.values()), ()))
