"""Owns the posterior: numbers fitted together to published results, and what it was made from."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from functools import cache, cached_property
from importlib import resources
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from trephine.catalogue.cohorts import Study, cohorts, values
from trephine.catalogue.draws import Draws
from trephine.catalogue.load import Catalogue, catalogue
from trephine.catalogue.printed import Frozen
from trephine.core import digest
from trephine.core.errors import CatalogueError

PLACE = ("data", "posterior", "callus.toml")
"""Where the posterior lies in the catalogue."""


class MadeFrom(Frozen):
    """Digests of all that a posterior was made from.

    Parameters
    ----------
    published
        The published values it was fitted to.
    priors
        The records whose spreads were its prior.
    trials
        The virtual trials that stand for the published ones.
    numbers
        All other numbers of the catalogue that were read, as printed.
    emulator
        The emulator that stood for the healing engine.
    """

    published: str
    priors: str
    trials: str
    numbers: str
    emulator: str


class Diagnostics(Frozen):
    """How well the posterior is sampled.

    Parameters
    ----------
    points
        Points at which the likelihood was computed.
    effective
        How many independent draws their weights are worth.
    tail
        Shape of the tail of the weights; below 0.7 means can be trusted.
    apart
        Largest difference of means between the two independent halves, in posterior spreads.
    """

    points: Annotated[int, Field(gt=0)]
    effective: Annotated[float, Field(gt=0)]
    tail: float
    apart: Annotated[float, Field(ge=0)]


class Posterior(Draws):
    """Draws of the unknowns of healing and product, and how they were made.

    Parameters
    ----------
    about, fitted_to, draws
        As for every fit: :class:`trephine.catalogue.draws.Draws`.
    seed
        Luck that it was made with.
    made_from, diagnostics
        See there.
    contents
        Digest of everything else.
    """

    seed: Annotated[int, Field(ge=0)]
    made_from: MadeFrom
    diagnostics: Diagnostics
    contents: str = ""

    @property
    def digest(self) -> str:
        """Content name of all but the digest that it states."""
        return digest.of_document(self.model_dump(mode="json", exclude={"contents"}))

    def rows(self, numbers: Any) -> dict[str, Any]:  # noqa: ANN401  (a number or an array)
        """Return some draws by record id, in the unit of each record.

        Parameters
        ----------
        numbers
            Which draw, or which draws, (sample,).
        """
        return {key: self._columns[key][numbers] for key in self.draws}

    @cached_property
    def _columns(self) -> dict[str, NDArray[np.float64]]:
        return {key: np.array(column) for key, column in self.draws.items()}

    def check(self, facts: Catalogue, studies: Mapping[str, Study]) -> None:
        """Refuse a posterior that is not what it says, or was made from other facts.

        Raises
        ------
        CatalogueError
            If its contents, the published values or the priors have another digest than it
            states.
        """
        wrong = [
            what
            for what, stated, found in (
                ("its draws", self.contents, self.digest),
                ("the published values", self.made_from.published, of(self.fitted_to, studies)),
                ("the priors", self.made_from.priors, of_records(self.draws, facts)),
            )
            if stated != found
        ]
        if wrong:
            raise CatalogueError(
                f"the posterior does not fit {' nor '.join(wrong)} any more; make it anew with "
                "`make calibrate`"
            )


def of(identifiers: Collection[str], studies: Mapping[str, Study]) -> str:
    """Return the digest of published values, with the sizes of their arms.

    Raises
    ------
    CatalogueError
        If one of them is not among the studies.
    """
    known = values(studies)
    told: dict[str, Any] = {}
    for name in sorted(identifiers):
        if name not in known:
            raise CatalogueError(f"no value '{name}' may set a parameter")
        study, arm, _ = name.split(".")
        group = studies[study].arms[arm]
        whole = studies[study].arms[group.part_of].n if group.part_of else None
        told[name] = [known[name].model_dump(mode="json", exclude={"note"}), group.n, whole]
    return digest.of_document(told)


def of_records(identifiers: Collection[str], facts: Catalogue) -> str:
    """Return the digest of records of the catalogue."""
    chosen = {key: facts.record(key).model_dump(mode="json") for key in sorted(identifiers)}
    return digest.of_document(chosen)


@cache
def posterior() -> Posterior:
    """Return the posterior that ships with the program, checked.

    Raises
    ------
    CatalogueError
        If there is none, or it does not fit what it says it was made from.
    """
    path = resources.files("trephine.catalogue").joinpath(*PLACE)
    if not path.is_file():
        raise CatalogueError("the catalogue holds no posterior; make one with `make calibrate`")
    found = parsed(path.read_text(encoding="utf-8"))
    found.check(catalogue(), cohorts("calibrate"))
    return found


def parsed(text: str) -> Posterior:
    """Return the posterior that a text in TOML holds, unchecked, or raise CatalogueError."""
    try:
        return Posterior.model_validate(tomllib.loads(text))
    except ValueError as error:
        raise CatalogueError(f"{'/'.join(PLACE)}: {error}") from None
