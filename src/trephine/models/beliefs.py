"""Parameters: every number a model uses, filled from the catalogue by name, and its spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Self

import numpy as np

from trephine.catalogue.load import Catalogue, catalogue
from trephine.catalogue.posterior import Posterior, posterior
from trephine.core import digest
from trephine.core.errors import CatalogueError
from trephine.models.aspiration import AspirationParameters
from trephine.models.callus import in_engine_units
from trephine.models.healing import HealParameters
from trephine.models.injection import InjectionParameters
from trephine.models.injury import InjuryParameters
from trephine.models.processing import ProcessParameters
from trephine.models.reading import Reading
from trephine.models.scores import FollowParameters
from trephine.models.signal import has_threshold
from trephine.models.surgery import SurgeryParameters

MOST_DRAWS = 1000
"""Samples of the spreads after which a draw gives up."""


@dataclass(frozen=True)
class Beliefs:
    """Every parameter of a run, with the records they came from.

    Parameters
    ----------
    harvest, process, deliver, heal, follow
        One frozen parameter class a stage.
    injury, surgery
        What a fresh injury brings, and what operations do.
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
    injury: InjuryParameters
    surgery: SurgeryParameters
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
    def posterior(
        cls,
        rng: np.random.Generator,
        facts: Catalogue | None = None,
        *,
        found: Posterior | None = None,
        others: Literal["drawn", "printed"] = "drawn",
    ) -> Self:
        """Return parameters with one draw of the posterior for those that were calibrated.

        The posterior was fitted with all other numbers as printed. With the others drawn from
        their spreads, as unless asked otherwise, jointly impossible samples of them are drawn
        again; the draw of the posterior stays.

        Parameters
        ----------
        rng
            Luck.
        facts
            The catalogue; that of the program unless given.
        found
            The posterior; that of the catalogue unless given.
        others
            Whether the other numbers are drawn from their spreads, or as printed.

        Raises
        ------
        CatalogueError
            If there is no posterior that fits the catalogue, or next to nothing possible.
        """
        told = found or posterior()
        row = told.rows(int(rng.integers(len(told))))
        given = {key: float(value) for key, value in row.items()}
        luck = None if others == "printed" else lambda _: rng
        for _ in range(MOST_DRAWS):
            beliefs = cls._read(Reading(facts or catalogue(), luck, given=given))
            if has_threshold(in_engine_units(beliefs.heal.callus)):
                return beliefs
            if others == "printed":
                break
        raise CatalogueError("the posterior and the spreads of the others leave nothing possible")

    @classmethod
    def _read(cls, reading: Reading) -> Self:
        return cls(
            harvest=reading.fill(AspirationParameters),
            process=reading.fill(ProcessParameters),
            deliver=reading.fill(InjectionParameters),
            heal=reading.fill(HealParameters),
            follow=reading.fill(FollowParameters),
            injury=reading.fill(InjuryParameters),
            surgery=reading.fill(SurgeryParameters),
            used=MappingProxyType(dict(reading.used)),
            catalogue_digest=reading.facts.digest,
            provisional=tuple(sorted(set(reading.used) & reading.facts.provisional)),
        )

    @property
    def digest(self) -> str:
        """Content name of the numbers used."""
        return digest.of_document(dict(self.used))
