"""The numbers of the dose, from needle to lesion: as printed, or many samples of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from trephine.catalogue.load import Catalogue, catalogue
from trephine.catalogue.posterior import Posterior, posterior
from trephine.core.rng import Streams
from trephine.models.aspiration import AspirationParameters
from trephine.models.injection import InjectionParameters
from trephine.models.processing import ProcessParameters
from trephine.models.reading import Reading

STAGES: Mapping[str, type[Any]] = MappingProxyType(
    {
        "harvest": AspirationParameters,
        "process": ProcessParameters,
        "deliver": InjectionParameters,
    }
)
"""The parameter class of each stage, in their order."""


@dataclass(frozen=True)
class DoseBeliefs:
    """The parameters of harvest, processing and delivery, free of those of healing.

    Parameters
    ----------
    harvest, process, deliver
        One parameter class a stage; a number with a spread may be an array ``(sample,)``.
    used
        Number in SI by record id, one value or ``(sample,)``.
    stage
        Stage that a record belongs to, by record id: the first that takes it.
    facts
        The catalogue they came from.
    """

    harvest: AspirationParameters
    process: ProcessParameters
    deliver: InjectionParameters
    used: Mapping[str, Any]
    stage: Mapping[str, str]
    facts: Catalogue

    @classmethod
    def printed(cls, facts: Catalogue | None = None) -> Self:
        """Return the parameters as their sources print them."""
        return cls._read(Reading(facts or catalogue()))

    @classmethod
    def draw(cls, streams: Streams, count: int, facts: Catalogue | None = None) -> Self:
        """Return samples of every stated spread, each record by a luck of its own.

        A record keeps its samples when another joins the catalogue or is left out.

        Parameters
        ----------
        streams
            Family of streams; the stream of a record is named by its id.
        count
            How many samples.
        facts
            The catalogue; that of the program unless given.
        """
        return cls._read(Reading(facts or catalogue(), streams.named, count))

    @classmethod
    def posterior(
        cls,
        streams: Streams,
        count: int,
        facts: Catalogue | None = None,
        *,
        found: Posterior | None = None,
        others: Literal["drawn", "printed"] = "drawn",
        rows: NDArray[np.int64] | None = None,
    ) -> Self:
        """Return samples with draws of the posterior for those that were calibrated.

        Parameters
        ----------
        streams
            Family of streams.
        count
            How many samples.
        facts
            The catalogue; that of the program unless given.
        found
            The posterior; that of the catalogue unless given.
        others
            Whether the other numbers are drawn from their spreads, or as printed.
        rows
            Which draw each sample takes, (sample,), so that healing can take the same; by luck
            unless given.
        """
        told = found or posterior()
        if rows is None:
            rows = streams.named("posterior").integers(len(told), size=count)
        taken = cls.printed(facts).used
        given = {key: value for key, value in told.rows(rows).items() if key in taken}
        luck = None if others == "printed" else streams.named
        return cls._read(Reading(facts or catalogue(), luck, count, given=given))

    def exchanged(self, other: Self, identifiers: Collection[str]) -> Self:
        """Return these beliefs with some records taken from others."""
        taken = {k: other.used[k] if k in identifiers else v for k, v in self.used.items()}
        reading = Reading(self.facts, used=taken)
        parts: dict[str, Any] = {name: reading.fill(kind) for name, kind in STAGES.items()}
        return replace(self, **parts, used=MappingProxyType(taken))

    def sampled(self) -> dict[str, NDArray[np.float64]]:
        """Return the records that are uncertain here, with their samples ``(sample,)``."""
        return {key: value for key, value in self.used.items() if np.ndim(value)}

    @classmethod
    def _read(cls, reading: Reading) -> Self:
        parts: dict[str, Any] = {}
        stage: dict[str, str] = {}
        for name, kind in STAGES.items():
            parts[name] = reading.fill(kind)
            stage |= dict.fromkeys(reading.used.keys() - stage.keys(), name)
        return cls(
            **parts,
            used=MappingProxyType(dict(reading.used)),
            stage=MappingProxyType(stage),
            facts=reading.facts,
        )
