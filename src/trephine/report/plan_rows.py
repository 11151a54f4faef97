"""Owns how a comparison of plans says its numbers, differences and what is better, in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from trephine.report.words import NO_BREAK, rounded
from trephine.study.paired_draws import FEWEST

Plain = dict[str, Any]

MOST_COLUMNS = 6
"""Outcomes that the table shows, in the order of the kind of site."""
NOISE = 5e-4
"""Below this an outcome is told as nothing."""
TOO_FEW = "too few draws for an interval"
ALIKE = "the same in every draw, so no interval"
MINUS = chr(0x2212)
EVENT_BETTER = {True: ("plus", "more often"), False: ("minus", "less often")}
WEEKS_BETTER = {True: ("minus", "sooner"), False: ("plus", "later")}


class Cell(NamedTuple):
    """A number with the span of its draws, and how far it lies from the first plan's."""

    value: str
    span: str
    difference: str


class Beside(NamedTuple):
    """What all draws of a plan say of an event, and how far it lies from the first plan's."""

    value: str
    difference: str


def told(value: float, name: str = "") -> str:
    """Return a number of an outcome as text: whole per cent, and points of a score in tenths.

    Neither the draws nor the studies behind them carry more digits.
    """
    if "%" in name:
        low, high = (f"<{NO_BREAK}1", f">{NO_BREAK}99")
        return low if 0 < value < 0.5 else high if 99.5 <= value < 99.995 else f"{value:.0f}"
    if "points of" in name:
        value = round(value, 1)
    return rounded(value) if abs(value) >= NOISE else "0"


def signed(value: float, name: str = "") -> str:
    """Return a difference with its sign, as many digits as :func:`told` gives."""
    value = round(value, 0 if "%" in name else 1) if "%" in name or "points of" in name else value
    if abs(value) < NOISE:
        return "0"
    return f"{'+' if value >= 0 else MINUS}{rounded(abs(value))}"


def shown(rows: Sequence[Plain]) -> list[str]:
    """Return the names of the outcomes that the table shows."""
    return list(rows[0]["outcomes"])[:MOST_COLUMNS]


def better(row: Plain, name: str) -> str:
    """Return which sign of a difference in an outcome is better; empty where neither is."""
    return better_words(row["outcomes"][name]["better"])


def better_words(which: Sequence[str] | None) -> str:
    """Return which sign of a difference is better, and what it then is; empty of neither."""
    return "" if which is None else f"{which[0]} is better ({which[1]})"


def cell(row: Plain, name: str) -> Cell:
    """Return what the table says of one outcome of one plan."""
    held, apart = row["outcomes"][name], row["differences"][name]
    never = "none" if held["is_known"] else "not known"
    value = never if held["value"] is None else told(held["value"], name)
    span = ""
    if held["is_own"]:
        low, _, high = held["spread"]
        span = f"({told(low, name)} to {told(high, name)})"
    elif row["draws"] > 1 and held["spread"] is not None:
        span = _spread([told(v, name) for v in held["spread"]])
    if row["draws"] > 1 and held["is_known"] and held["told"] < row["draws"]:
        span = f"{span} in {held['told']} of {row['draws']}".lstrip()
    return Cell(value, span, _apart(apart, row["draws"], name))


def _spread(ends: Sequence[str]) -> str:
    """Return a middle with its ends in brackets; alone where all read the same."""
    low, middle, high = ends
    return middle if low == middle == high else f"{middle} ({low} to {high})"


def _apart(apart: Plain, draws: int, name: str) -> str:
    """Return how far an outcome lies from the first plan's, and in how many draws both have it."""
    if apart["middle"] is None:
        return ""
    difference = signed(apart["middle"], name)
    if apart["spread"] is not None:
        low, _, high = (signed(v, name) for v in apart["spread"])
        difference = _spread([low, difference, high])
    return difference + (f", both in {apart['pairs']}" if apart["pairs"] < draws else "")


def happened(row: Plain) -> Beside:
    """Return in how many draws it happened, and how far that lies above the first plan's."""
    found = row.get("event")
    if found is None:
        return Beside("", "")
    count = f"{found['count']} of {row['draws']}"
    share = f"{count} ({100.0 * found['share']:.0f}{NO_BREAK}%)"
    apart = f"{_points(found['difference'])} points"
    if found["interval"] is None:
        return Beside(share, f"{apart}, {TOO_FEW}")
    low, high = (_points(end) for end in found["interval"])
    return Beside(share, f"{apart} ({low} to {high})")


def _points(share: float) -> str:
    """Return a difference of shares in whole percentage points."""
    return signed(100.0 * share, "%")


def waited(row: Plain) -> Beside:
    """Return the mean weeks until it happened, all draws counted, and beside the first plan."""
    found = row.get("event")
    if found is None:
        return Beside("", "")
    mean, later = told(round(found["mean_week"], 1)), _weeks(found["later"])
    if found["later_interval"] is None:
        return Beside(mean, f"{later}, {TOO_FEW if row['draws'] < FEWEST else ALIKE}")
    low, high = (_weeks(end) for end in found["later_interval"])
    return Beside(mean, f"{later} ({low} to {high})")


def _weeks(apart: float) -> str:
    """Return a difference of mean weeks in tenths."""
    return signed(round(apart, 1))


def waited_for(row: Plain) -> str:
    """Return what the mean weeks are counted to."""
    found = row["event"]
    return f"Mean weeks until {found['name'].lower()}, {told(found['until'])} where never"


def event_better(row: Plain) -> tuple[str, str]:
    """Return which sign is better of the share in which it happened, and of the mean weeks."""
    is_wanted = row["event"]["is_wanted"]
    return better_words(EVENT_BETTER[is_wanted]), better_words(WEEKS_BETTER[is_wanted])


def is_chosen(row: Plain) -> bool:
    """Return whether a difference counts only some draws, those in which both plans had it."""
    return any(
        0 < d["pairs"] < row["draws"] and not d["is_own"] for d in row["differences"].values()
    )


def ended(sentence: str) -> str:
    """Return how a course ended in a few words: its sentence up to the first stop or colon."""
    return re.split(r"[:.](?:\s|$)", sentence, maxsplit=1)[0]
