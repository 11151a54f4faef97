"""Owns written explanations of what a qualification misses, as a file keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from trephine.case.document import Document, table, validate

Why = Annotated[str, Field(min_length=20)]


class Misses(Document):
    """Why published values lie outside what is predicted.

    Parameters
    ----------
    format
        Version of the file's layout.
    why
        By trial, the stem of its file, and then by endpoint: as its ``published`` names it, or
        ``arm.outcome``.
    """

    format: int = 1
    why: dict[str, dict[str, Why]] = Field(default_factory=dict)


def read(path: Path) -> dict[str, dict[str, str]]:
    """Return the explanations of a file, by trial and endpoint.

    Raises
    ------
    InputError
        If the file cannot be read or is not valid.
    """
    told = validate(Misses, table(path, "explanations of misses"), path.name)
    return {
        trial: {key: " ".join(why.split()) for key, why in whys.items()}
        for trial, whys in told.why.items()
    }
