"""The ledger of claims: what public descriptions of the therapy say, and what the evidence says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from trephine.catalogue.cohorts import checked, files, read
from trephine.catalogue.printed import Frozen
from trephine.core.errors import CatalogueError

FOLDER = "claims"
RESULTS = "experiments"
"""Folder of what simulations gave, written by programs and never by hand."""

Description = Literal["A", "B", "C", "D", "E"]

DESCRIPTIONS: Mapping[Description, str] = MappingProxyType(
    {
        "A": "on marrow and cultured cells for fractures that do not heal",
        "B": "on cells for the femoral head, the shortened leg and worn joints",
        "C": "for patients who think of marrow injections in place of cortisone",
        "D": "on what marrow concentrate is offered for",
        "E": "on a small draw of marrow, put back unspun",
    }
)
"""The public descriptions, by what they are about."""

Verdict = Literal["supported", "partly", "unsupported", "wrong"]


class Experiment(Frozen):
    """A simulation that can test a claim.

    Parameters
    ----------
    command
        Command of the program that runs it.
    vary
        What to change, with which cases.
    look_at
        Which of its results decides.
    result
        What came out, once it has been run; empty before.
    """

    command: Literal["dose", "plan", "run", "compare"]
    vary: str
    look_at: str
    result: str = ""


class Claim(Frozen):
    """A sentence of a public description, in other words, and what is known of it.

    Parameters
    ----------
    description
        Which of the public descriptions says so.
    claim
        What it says, paraphrased.
    evidence
        What the evidence says.
    verdict
        ``supported``, ``partly``, ``unsupported`` or ``wrong``.
    source
        Identifiers and addresses; empty where nothing was found.
    basis
        How the evidence is known: ``seen``, ``recalled`` or both; empty where nothing was found.
    confidence
        How sure the reader was of the verdict, 0 to 1.
    where
        Row of the evidence table.
    experiment
        A simulation that can test it, where there can be one.
    """

    description: Description
    claim: str
    evidence: str
    verdict: Verdict
    source: str = ""
    basis: tuple[Literal["seen", "recalled"], ...] = ()
    confidence: Annotated[float, Field(gt=0, le=1)]
    where: str
    experiment: Experiment | None = None


@cache
def claims() -> Mapping[str, Claim]:
    """Return the ledger by id, in the order of the descriptions.

    Raises
    ------
    CatalogueError
        If the data file is malformed; says the place.
    """
    found = {
        key: checked(Claim, value, f"{FOLDER}/{name}.toml: {key}")
        for name, entry in files(FOLDER)
        for key, value in read(entry, f"{FOLDER}/{name}.toml").items()
    }
    for name, entry in files(RESULTS):
        if name == FOLDER:
            found = with_results(found, read(entry, f"{RESULTS}/{name}.toml"))
    return MappingProxyType(found)


def with_results(
    ledger: Mapping[str, Claim], results: Mapping[str, Mapping[str, str]]
) -> dict[str, Claim]:
    """Return a ledger with what came out of its experiments.

    Raises
    ------
    CatalogueError
        If a result belongs to no experiment of the ledger.
    """
    found = dict(ledger)
    for key, told in results.items():
        claim = found.get(key)
        if claim is None or claim.experiment is None:
            raise CatalogueError(f"{RESULTS}/{FOLDER}.toml: there is no experiment for '{key}'")
        run = claim.experiment.model_copy(update={"result": told["result"]})
        found[key] = claim.model_copy(update={"experiment": run})
    return found
