"""The posterior of symptoms that ships with the program: draws, their digest and diagnostics."""

from __future__ import annotations

import hashlib
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.core.errors import CatalogueError

FOLDER = "symptom_posterior"

Draws = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class ArmsSeen:
    """What a posterior was told of one product at one site.

    Parameters
    ----------
    site, product
        Where and what.
    randomised, alone
        Studies that compared it by chance, and others.
    numbers
        Studies that tell it in numbers; the others tell it in words.
    patients
        How many got it, where told.
    studies
        Their names.
    against
        What it was compared with by chance.
    """

    site: str
    product: str
    randomised: int
    alone: int
    numbers: int
    patients: int
    studies: tuple[str, ...]
    against: tuple[str, ...]


@dataclass(frozen=True)
class SymptomPosterior:
    """Draws of the parameters of a fit, and what they rest on.

    Parameters
    ----------
    draws
        Each parameter with its draws first, (draw, ...).
    diagnostics
        Worst R-hat, least effective sample size and number of divergences of the whole fit, and
        how it was sampled.
    evidence, priors
        Content names of the studies and of the records it was fitted to.
    arms
        What it was told of each product at each site.
    randomised_only
        Benefit over saline in the knee by product, by a fit to randomised arms alone: 5 %, middle
        and 95 % [points].
    """

    draws: Draws
    diagnostics: Mapping[str, float]
    evidence: str
    priors: str
    arms: tuple[ArmsSeen, ...]
    randomised_only: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of draws."""
        return len(next(iter(self.draws.values())))

    @property
    def digest(self) -> str:
        """Content name of the draws."""
        return digest_of(self.draws)

    def seen(self, site: str, product: str) -> ArmsSeen | None:
        """Return what is known of a product at a site, or nothing where it has no arm there."""
        found = [a for a in self.arms if (a.site, a.product) == (site, product)]
        return found[0] if found else None

    def in_numbers(self, site: str, product: str) -> bool:
        """Return whether any study gives numbers of a product at a site, and not words alone."""
        seen = self.seen(site, product)
        return seen is not None and seen.numbers > 0


def digest_of(draws: Draws) -> str:
    """Return the content name of draws: names, shapes and numbers in single precision."""
    name = hashlib.sha256()
    for key in sorted(draws):
        values = np.ascontiguousarray(draws[key], dtype="<f4")
        name.update(f"{key}{values.shape}".encode())
        name.update(values.tobytes())
    return name.hexdigest()


def packed(posterior: SymptomPosterior) -> tuple[bytes, dict[str, Any]]:
    """Return a posterior as the bytes and the table that :func:`symptom_posterior` reads back."""
    stream = io.BytesIO()
    arrays: dict[str, Any] = {
        k: np.asarray(posterior.draws[k], "<f4") for k in sorted(posterior.draws)
    }
    np.savez_compressed(stream, **arrays)
    table = {
        "digest": posterior.digest,
        "evidence": posterior.evidence,
        "priors": posterior.priors,
        "diagnostics": dict(posterior.diagnostics),
        "arms": [
            {
                "site": a.site,
                "product": a.product,
                "randomised": a.randomised,
                "alone": a.alone,
                "numbers": a.numbers,
                "patients": a.patients,
                "studies": list(a.studies),
                "against": list(a.against),
            }
            for a in posterior.arms
        ],
    }
    return stream.getvalue(), table


@cache
def symptom_posterior() -> SymptomPosterior:
    """Return the posterior of symptoms that ships with the program.

    Raises
    ------
    CatalogueError
        If it is missing, or its draws are not those that its table names.
    """
    folder = resources.files("trephine.catalogue").joinpath("data", FOLDER)
    table, draws = folder / "table.toml", folder / "draws.npz"
    if not (table.is_file() and draws.is_file()):
        raise CatalogueError("the catalogue has no posterior of symptoms; run 'make symptoms'")
    told = tomllib.loads(table.read_text(encoding="utf-8"))
    with np.load(io.BytesIO(draws.read_bytes()), allow_pickle=False) as arrays:
        found = {key: np.asarray(arrays[key], dtype=np.float64) for key in sorted(arrays.files)}
    return unpacked(found, told)


def unpacked(draws: Draws, told: Mapping[str, Any]) -> SymptomPosterior:
    """Return a posterior from its draws and its table, or raise CatalogueError.

    Parameters
    ----------
    draws, told
        What :func:`packed` made.
    """
    if digest_of(draws) != told["digest"]:
        raise CatalogueError("symptom_posterior: the draws are not those that its table names")
    arms = tuple(
        ArmsSeen(
            site=arm["site"],
            product=arm["product"],
            randomised=arm["randomised"],
            alone=arm["alone"],
            numbers=arm["numbers"],
            patients=arm["patients"],
            studies=tuple(arm["studies"]),
            against=tuple(arm["against"]),
        )
        for arm in told["arms"]
    )
    return SymptomPosterior(
        draws=MappingProxyType(dict(draws)),
        diagnostics=MappingProxyType(dict(told["diagnostics"])),
        evidence=told["evidence"],
        priors=told["priors"],
        arms=arms,
        randomised_only=MappingProxyType(
            {k: (v[0], v[1], v[2]) for k, v in told.get("randomised_only", {}).items()}
        ),
    )
