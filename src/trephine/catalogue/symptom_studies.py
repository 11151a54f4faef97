"""Studies of joints, discs and tendons that the evidence table lacks, looked up afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from trephine.catalogue.cohorts import Study, cohorts, files, only, parsed, read
from trephine.catalogue.vocabulary import Condition, Role

FOLDER = "symptom_studies"

SYMPTOMS = frozenset(
    {
        Condition.KNEE,
        Condition.HIP,
        Condition.ANKLE,
        Condition.DISC,
        Condition.CUFF,
        Condition.ELBOW,
    }
)
"""Conditions whose treatment is judged by pain and function."""


def symptom_studies(role: Role | None = None) -> Mapping[str, Study]:
    """Return the published studies of painful joints, discs and tendons by name.

    Those of the evidence table and those looked up afterwards. The roles of the latter were set
    before the first fit: of a joint, or a comparison, that the table does not cover the older or
    controlled studies calibrate, and all others are held out.

    Parameters
    ----------
    role
        Keep what has one role and nothing else, see :func:`trephine.catalogue.cohorts.cohorts`.

    Raises
    ------
    CatalogueError
        If a data file is malformed; says the place.
    """
    return _shipped() if role is None else only(_shipped(), role)


@cache
def _shipped() -> Mapping[str, Study]:
    tabled = {k: study for k, study in cohorts().items() if study.condition in SYMPTOMS}
    later = {
        name: parsed(read(entry, f"{FOLDER}/{name}.toml"), f"{FOLDER}/{name}.toml")
        for name, entry in files(FOLDER)
    }
    return MappingProxyType({**tabled, **later})
