"""Owns how the steps and the spread of a dose are said in few characters."""

from __future__ import annotations

from typing import Any

from trephine.report.words import count

DASH = "\u2013"
SHORT = {
    "in the product": "product",
    "taken up for injection": "taken up",
    "alive after waiting": "alive after the wait",
    "through the needle": "past the needle",
    "kept from running back along the track": "not leaked",
    "fits the room at the lesion": "in the lesion",
    "kept from the veins": "not lost to veins",
    "stays after the first days": "stays after some days",
}
"""Steps of the funnel in few words."""
LETTERS = (("million", "M"), ("billion", "bn"), ("trillion", "tn"))


def short(value: float) -> str:
    """Return a number of cells in few characters, for example ``"20.1 M"`` for millions."""
    words = count(value)
    for size, letters in LETTERS:
        words = words.replace(size, letters)
    return words


def shares_explained(driven: dict[str, Any]) -> str:
    """Return what the groups of drivers are and why their shares may add to more than all."""
    total = 100 * sum(max(one["total"], 0.0) for one in driven["groups"])
    return (
        "Luck differs from one patient and one needle to the next; numbers are what the catalogue "
        f"is unsure of. The shares add to {total:.0f} %: what acts together counts in each."
    )


def between(found: dict[str, Any], cover: int) -> str:
    """Return the ends of an interval, their size said once where it is the same.

    Parameters
    ----------
    found
        Quantiles by name, ``low_95`` and the like.
    cover
        Per cent of the samples that lie within, 80 or 95.
    """
    low, high = short(found[f"low_{cover}"]), short(found[f"high_{cover}"])
    size = high.partition(" ")[2]
    if size and low.endswith(f" {size}"):
        low = low.removesuffix(f" {size}")
    return f"{low}{DASH}{high}"
