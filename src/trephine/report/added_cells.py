"""Owns the sentences on what the injected cells of a plan change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trephine.report.plan_rows import happened, shown, signed, told, waited
from trephine.report.words import rounded, time_span
from trephine.study.added_cells import Added

Plain = dict[str, Any]

DAY = 86400.0


def sentences(found: Sequence[Added]) -> list[str]:
    """Return what the cells of each plan change, or that the comparison does not tell it."""
    return [_beside(one) if one.rows else _untold(one) for one in found]


def _untold(one: Added) -> str:
    said = f"What the cells of {one.plan} change is not told: no plan here is the same without."
    return f"{said} --with {one.name} adds it." if one.name else said


def _beside(one: Added) -> str:
    bare, treated = one.rows
    lead = f"{one.plan} differs from {one.without} by the injected cells alone."
    return f"{lead} {_once(bare, treated) if treated['draws'] == 1 else _often(bare, treated)}"


def _once(bare: Plain, treated: Plain) -> str:
    """Return what one draw says: when it happened with the cells, and when without."""
    name, until = treated["event"]["name"].lower(), rounded(treated["event"]["until"])
    own, other = ((row["event"]["count"], row["event"]["mean_week"]) for row in (treated, bare))
    if own[0] and other[0]:
        apart = own[1] - other[1]
        with_cells, without = (rounded(week) for _, week in (own, other))
        if with_cells == without:
            said = f"With and without the cells it is {name} at week {without}: no sooner, no later"
        else:
            length = time_span(round(7 * abs(apart)) * DAY)
            said = f"With the cells it is {name} at week {with_cells}, without them at week "
            said += f"{without}: {length} {'sooner' if apart < 0 else 'later'} with them"
    elif own[0] or other[0]:
        with_or_not = ("With", "without") if own[0] else ("Without", "with")
        week = rounded(own[1] if own[0] else other[1])
        said = f"{with_or_not[0]} the cells it is {name} at week {week}, {with_or_not[1]} them "
        said += f"not by week {until}"
    else:
        said = f"Neither with the cells nor without them is it {name} by week {until}"
    return f"{said}.{_amounts(treated)}"


def _amounts(treated: Plain) -> str:
    """Return how far the other outcomes lie apart, those that both have."""
    held = {n: treated["differences"][n]["middle"] for n in shown([treated])}
    said = [f"{n}: {signed(v, n)}" for n, v in held.items() if v is not None]
    return f" Differences, with the cells minus without: {'; '.join(said)}." if said else ""


def _often(bare: Plain, treated: Plain) -> str:
    """Return what several draws say: the share with the cells beside the share without."""
    name = treated["event"]["name"].lower()
    (own, apart), (other, _) = (happened(row) for row in (treated, bare))
    (mean, later), (bare_mean, _) = (waited(row) for row in (treated, bare))
    return (
        f"Of the draws it is {name} in {own} with the cells and in {other} without: {apart}. Mean "
        f"weeks until then, {told(treated['event']['until'])} where never: {mean} with the cells "
        f"and {bare_mean} without, difference {later}."
    )
