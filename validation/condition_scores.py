"""Owns what the checks of other conditions hand to the scorecard: one row per published value.

The scripts of the conditions call `keep`; docs/scorecard_page.py shows what they kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from trephine.catalogue.load import catalogue
from trephine.store.files import read_document, write_document

FOLDER = Path(__file__).parent / "conditions"

Verdict = Literal["inside", "outside", "no value", "holds", "fails"]
"""Inside a 90 % interval for a trial of that size or not; or a direction that holds or fails."""
Role = Literal["may be fitted", "not fitted"]


@dataclass(frozen=True)
class ConditionScore:
    """One published value beside what the program makes of it.

    Parameters
    ----------
    study
        Key of the cohort in the catalogue, or what states a direction.
    endpoint
        What was measured, in whom and when.
    published, predicted
        As told to a person, with units; the prediction with its 90 % interval.
    verdict
        Where the published value lies; see `Verdict`.
    role
        Whether the value may have set a number.
    why
        Why it misses, empty where it does not or nobody knows.
    """

    study: str
    endpoint: str
    published: str
    predicted: str
    verdict: Verdict
    role: Role
    why: str = ""


def keep(condition: str, scores: Iterable[ConditionScore], how: str) -> Path:
    """Write the scores of a condition and return the file.

    Parameters
    ----------
    condition
        Name of the file and, in words, of the table: ``femoral head``.
    scores
        One for each published value.
    how
        One sentence on what was computed: virtual patients, voxels, seed.
    """
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{condition.replace(' ', '-')}.json"
    told: Mapping[str, Any] = {
        "condition": condition,
        "how": how,
        "catalogue": catalogue().digest,
        "scores": [asdict(score) for score in scores],
    }
    write_document(path, told)
    return path


def kept() -> list[dict[str, Any]]:
    """Return what was kept of every condition, by name."""
    return [read_document(path) for path in sorted(FOLDER.glob("*.json"))]
