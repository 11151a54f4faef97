"""Parameters: every number a model uses, filled from the catalogue by name, and its spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

import numpy as np

from trephine.catalogue.load import Catalogue, catalogue
from trephine.core import digest
from trephine.core.errors import CatalogueError
from trephine.models.aspiration import AspirationParameters
from trephine.models.callus import in_engine_units
from trephine.models.healing import HealParameters
from trephine.models.injection import InjectionParameters
from trephine.models.processing import ProcessParameters
from trephine.models.reading import Reading
from trephine.models.scores import FollowParameters
from trephine.models.signal import has_threshold

MOST_DRAWS = 1000
"""Samples of the spreads after which a draw gives up."""


@dataclass(frozen=True)
class Beliefs:
    """Every parameter of a run, with the records they came from.

    Parameters
    ----------
    harvest, process, deliver, heal, follow
        One frozen parameter class a stage.
    used
        Number in SI by record id.
    catalogue_digest
        Content name of the catalogue they came from.
    provisional
        Ids of used records that no second reader has confirmed.
    """

    harvest: AspirationParameters
    process: ProcessParameters
    deliver: InjectionParameters
    heal: HealParameters
    follow: FollowParameters
    used: Mapping[str, float]
    catalogue_digest: str
    provisional: tuple[str, ...]

    @classmethod
    def printed(cls, facts: Catalogue | None = None) -> Self:
        """Return the parameters as their sources print them."""
        return cls._read(Reading(facts or catalogue()))

    @classmethod
    def draw(cls, rng: np.random.Generator, facts: Catalogue | None = None) -> Self:
        """Return parameters sampled from every stated spread, jointly possible ones only.

        The spreads of single numbers know nothing of each other. A sample in which the untreated
        non-union would heal by itself, or no dose could help, contradicts what the site is, and
        is drawn again.

        Raises
        ------
        CatalogueError
            If the spreads leave next to nothing possible.
        """
        for _ in range(MOST_DRAWS):
            sampled_beliefs = cls._read(Reading(facts or catalogue(), lambda _: rng))
            if has_threshold(in_engine_units(sampled_beliefs.heal.callus)):
                return sampled_beliefs
        raise CatalogueError(f"no possible parameters in {MOST_DRAWS} samples of the spreads")

    @classmethod
    def _read(cls, reading: Reading) -> Self:
        return cls(
            harvest=reading.fill(AspirationParameters),
            process=reading.fill(ProcessParameters),
            deliver=reading.fill(InjectionParameters),
            heal=reading.fill(HealParameters),
            follow=reading.fill(FollowParameters),
            used=MappingProxyType(dict(reading.used)),
            catalogue_digest=reading.facts.digest,
            provisional=tuple(sorted(set(reading.used) & reading.facts.provisional)),
        )

    @property
    def digest(self) -> str:
        """Content name of the numbers used."""
        return digest.of_document(dict(self.used))
