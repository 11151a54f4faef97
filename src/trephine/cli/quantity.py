"""Options that hold quantities: a number with its unit, or several with commas between."""

from __future__ import annotations

from trephine.core.errors import InputError


def quantity(option: str, text: str, si: str) -> float:
    """Return the SI value of an option, or raise InputError that names the option."""
    return quantities(option, text, si, 1)[0]


def quantities(option: str, text: str, si: str, count: int) -> list[float]:
    """Return the SI values of an option that holds quantities with commas between.

    Raises
    ------
    InputError
        If one of them is not the quantity wanted or there are too few or too many.
    """
    from trephine.core.units import to_si

    parts = [part.strip() for part in text.split(",")] if count > 1 else [text]
    if len(parts) != count:
        raise InputError(f"{option}: write {count} quantities with commas between, not '{text}'")
    try:
        return [to_si(part, si) for part in parts]
    except ValueError as error:
        raise InputError(f"{option}: {error}") from None
