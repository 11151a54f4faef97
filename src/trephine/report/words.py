"""Owns how a report says numbers: rounded as a person would, with the unit people use."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trephine.core.units import in_unit

NO_BREAK = "\u202f"
"""A narrow space that keeps a number and its unit on one line."""
TIMES = "\u00d7"
"""The sign of multiplication."""


def rounded(value: float, figures: int = 3) -> str:
    """Return a number with some significant figures, without an exponent where it reads well.

    Examples
    --------
    ``rounded(20130)`` is ``"20,100"``; ``rounded(0.03317)`` is ``"0.0332"``.
    """
    if value == 0:
        return "0"
    places = figures - 1 - math.floor(math.log10(abs(value)))
    near = round(value, places)
    if not 1e-4 <= abs(near) < 1e7:
        mantissa, exponent = f"{near:.{figures - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}{NO_BREAK}{TIMES}{NO_BREAK}10{superscript(int(exponent))}"
    text = f"{near:,.{max(places, 0)}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "\u2212")


def superscript(exponent: int) -> str:
    """Return an integer in raised digits."""
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def count(value: float) -> str:
    """Return a number of cells in words that read well, for example ``"20.1 million"``."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(value) >= size * 0.9995:
            return f"{rounded(value / size)} {word}"
    return rounded(value)


def percent(share: float) -> str:
    """Return a share as per cent; close to but not at 100 it never reads 100."""
    if 0.9995 <= share < 1:
        return f">{NO_BREAK}99.9{NO_BREAK}%"
    return f"{rounded(100 * share)}{NO_BREAK}%"


def tenths(share: float) -> str:
    """Return a share as per cent with one decimal; a trace reads as less than a tenth."""
    if 0 < share < 0.0005:
        return f"<{NO_BREAK}0.1{NO_BREAK}%"
    return f"{100 * share:.1f}{NO_BREAK}%"


def chance_of(share: float, interval: Sequence[float]) -> str:
    """Return a chance told by samples with its interval, as per cent.

    Where all samples or none agree it is told as a bound, since no number of samples shows that
    something always or never happens.
    """
    low, high = interval
    if share == 1:
        return f">{NO_BREAK}{math.floor(1000 * low) / 10:.1f}{NO_BREAK}%"
    if share == 0:
        return f"<{NO_BREAK}{math.ceil(1000 * high) / 10:.1f}{NO_BREAK}%"
    return f"{100 * share:.1f}{NO_BREAK}% ({100 * low:.1f} to {100 * high:.1f})"


def ratio(after: float, before: float) -> str:
    """Return what became of an amount: per cent where it fell, a multiple where it grew."""
    if before <= 0:
        return "from none"
    if after > before * (1 + 1e-9):
        return f"{TIMES}{NO_BREAK}{rounded(after / before)}"
    return percent(after / before)


def measure(value: float, si: str, unit: str, figures: int = 3) -> str:
    """Return an SI value in a unit people use, for example ``"4 mm"``."""
    return f"{rounded(in_unit(value, si, unit), figures)}{NO_BREAK}{unit}"


def new_bone(volume: float) -> str:
    """Return a volume [m^3] of new bone in mL; a trace reads as less than a hundredth."""
    if 0 < volume < 1e-8:
        return f"<{NO_BREAK}0.01{NO_BREAK}mL"
    return measure(volume, "m^3", "mL")


def day(seconds: float) -> str:
    """Return a time from day 0 as ``"day 30"``; a day of a long course is not rounded."""
    return f"day {rounded(seconds / 86400, 5)}"


def time_span(seconds: float) -> str:
    """Return a length of time in whole weeks or in days, for example ``"1 week"``."""
    weeks = seconds / 604800
    value, noun = (weeks, "week") if abs(weeks - round(weeks)) < 1e-6 else (weeks * 7, "day")
    text = rounded(value, 5)
    return f"{text} {noun}" if text == "1" else f"{text} {noun}s"


def key_words(key: str) -> str:
    """Return a key of the catalogue as words."""
    return key.replace("_", " ")


def listed(items: list[str]) -> str:
    """Return items as ``"a, b and c"``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def article(text: str) -> str:
    """Return a text led by ``a`` or ``an``; numbers are taken as they are spoken."""
    spoken_vowel = text[:1].lower() in "aeiou8" or text[:2] in {"11", "18"}
    return f"{'an' if spoken_vowel else 'a'} {text}"
