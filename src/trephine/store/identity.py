"""What makes a run this run and no other: whether an attempt may continue it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trephine.core.errors import Problem
from trephine.core.provenance import Provenance

CAUSES = {"version": "version of trephine", "catalogue_digest": "catalogue"}
CONSEQUENCES = {"beliefs_digest": "parameters", "anatomy_digest": "anatomy on the grid"}
"""What changes with the case, the settings or the catalogue; told only where none of them did."""

PLACES = ("density", "labels")
"""Keys of a scan that say where its files lie; their contents have a digest of their own."""
ARRAY_LIBRARIES = ("numpy", "scipy", "jax", "jaxlib")
"""Libraries that compute; another version of one may round another way."""


def differences(
    held: Mapping[str, Any],
    *,
    case: Mapping[str, Any],
    settings: Mapping[str, Any],
    seed: int,
    provenance: Provenance,
) -> list[Problem]:
    """Return each way in which an attempt differs from the run that ``held`` describes.

    Parameters
    ----------
    held
        The plain data of ``run.json``.
    case, settings
        The documents of the attempt, as written.
    seed, provenance
        The luck, the program and the digests of the attempt.
    """
    made = held["provenance"]
    found = list(_changed(_unplaced(held["case"]), _unplaced(case), "case"))
    found += _changed(held["settings"], settings, "settings")
    if made["seed"] != seed:
        found.append(_told("seed", made["seed"], seed))
    now = provenance.as_document()
    found += [_told(words, made[k], now[k]) for k, words in CAUSES.items() if made[k] != now[k]]
    for name in ARRAY_LIBRARIES:
        old, new = made["libraries"].get(name), now["libraries"].get(name)
        if old != new:
            found.append(_told(f"version of {name}", old, new))
    stages = made.get("stages", {})
    for name, new in now["stages"].items():
        if stages.get(name) != new:
            found.append(_told(f"version of the stage {name}", stages.get(name), new))
    return found or [
        _told(words, made[k], now[k]) for k, words in CONSEQUENCES.items() if made[k] != now[k]
    ]


def _unplaced(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return a case without the places of its scan's files, so that a folder may be moved."""
    site = dict(case["site"])
    if "scan" in site:
        site["scan"] = {key: v for key, v in site["scan"].items() if key not in PLACES}
    return {**case, "site": site}


def _changed(old: object, new: object, place: str) -> Iterator[Problem]:
    """Yield each value of two nested tables that is not the same."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _changed(old.get(key), new.get(key), f"{place}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _changed(before, after, f"{place}.{number}")
    elif old != new:
        yield _told(place, old, new)


def _told(place: str, old: object, new: object) -> Problem:
    return Problem(place, f"the run has {_short(old)}, this attempt has {_short(new)}")


def _short(value: object) -> str:
    if value is None:
        return "nothing"
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
