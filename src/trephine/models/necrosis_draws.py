"""Owns the numbers of necrotic heads that were fitted together: their draws, and who gets which."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

import numpy as np

from trephine.catalogue.cohorts import cohorts
from trephine.catalogue.draws import Draws
from trephine.catalogue.load import catalogue
from trephine.catalogue.posterior import of
from trephine.core.errors import CatalogueError
from trephine.models.beliefs import Beliefs
from trephine.models.necrosis_parameters import NecrosisParameters
from trephine.models.reading import Reading

PLACE = ("data", "posterior", "necrosis.toml")
"""Where the draws lie in the catalogue; written by ``python validation/hips.py --fit``."""


class NecrosisDraws(Draws):
    """Draws of the numbers of a head that were fitted together.

    Parameters
    ----------
    about, fitted_to, draws
        As for every fit: :class:`trephine.catalogue.draws.Draws`.
    published
        Digest of the published values.
    """

    published: str

    def row(self, number: int) -> dict[str, float]:
        """Return one draw by record id, in the unit of each record."""
        return {key: column[number] for key, column in self.draws.items()}


@cache
def necrosis_draws() -> NecrosisDraws:
    """Return the draws that ship with the program.

    Raises
    ------
    CatalogueError
        If they are no such draws, or were fitted to other published values than the catalogue has.
    """
    place = "/".join(PLACE)
    text = resources.files("trephine.catalogue").joinpath(*PLACE).read_text(encoding="utf-8")
    try:
        found = NecrosisDraws.model_validate(tomllib.loads(text))
    except ValueError as error:
        raise CatalogueError(f"{place}: {error}") from None
    if found.published != of(found.fitted_to, cohorts("calibrate")):
        raise CatalogueError(
            f"{place} does not fit the published values any more; run "
            "`python validation/hips.py --fit`"
        )
    return found


def reading_of(beliefs: Beliefs) -> Reading:
    """Return where the numbers of a head are read from, for a run with some beliefs.

    Beliefs with the numbers as printed leave these as printed too. Any others are a draw, and to
    each draw belongs one draw of the numbers that were fitted together, named by the content of
    the beliefs: plans that share their beliefs share it. All other numbers of the head stay as
    printed, for so they were in the fit.

    Parameters
    ----------
    beliefs
        The numbers of cells and their delivery.
    """
    if beliefs.digest == Beliefs.printed().digest:
        return Reading(catalogue())
    told = necrosis_draws()
    rng = np.random.default_rng(int(beliefs.digest, 16))
    return Reading(catalogue(), given=told.row(int(rng.integers(len(told)))))


def numbers_of(beliefs: Beliefs) -> NecrosisParameters:
    """Return the numbers of a head for a run with some beliefs, as :func:`reading_of` says."""
    return reading_of(beliefs).fill(NecrosisParameters)
