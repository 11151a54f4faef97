"""Plans as a table and sentences on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trephine.cli.paper import table
from trephine.report.plan_scatter import unit_of
from trephine.report.plans import facts, lead, left_out

if TYPE_CHECKING:
    from rich.console import Console

Plain = dict[str, Any]
NAME, COLUMN = 22, 18
"""Characters of the name of a row, and the least that a plan beside it needs."""


def show(told: Plain, console: Console) -> None:
    """Print the named plans, what limits left out, and what came out."""
    named = told["named"]
    asked = told["prescription"] or "union"
    console.print(f"{told['gain'].capitalize()} against {unit_of(told)}; asked for: {asked}")
    lines = facts(told, named)
    abreast = max(1, (console.width - NAME) // COLUMN)
    for first in range(0, len(named), abreast):
        shown = named[first : first + abreast]
        rows = table("", *(one["name"] for one in shown))
        rows.columns[0].width = min(NAME, console.width // 2)
        for fact in lines:
            rows.add_row(fact.name, *fact.values[first : first + abreast])
        rows.add_row("On the front", *("yes" if one["is_on_front"] else "no" for one in shown))
        console.print(rows)
    plans = told["plans"]
    console.print(
        f"{plans['made']:,} plans can be made, {plans['within_limits']:,} keep within the limits, "
        f"{len(told['front'])} are on the front: no other plan asks for less and gains as much."
    )
    for name, value, number in left_out(told):
        if number != "0":
            console.print(f"Limit: {name} ({value}) leaves out {number} plans")
    for name, one in told["emulators"].items():
        console.print(f"Union by dose ({name}): {emulated(one)}")
    for notice in told["notices"]:
        console.print(f"Note: {notice}")
    console.print(lead(told), style="bold")


def emulated(one: Plain) -> str:
    """Return how well union was emulated, in a sentence."""
    low, high = one["threshold_between"]
    where = "no dose of the ladder tells where union begins"
    if low and high:
        where = f"begins between {low:,.0f} and {high:,.0f} progenitors that stay"
    out, fresh = one["left_out"], one["fresh_runs"]
    words = f"{where}; {len(one['rungs'])} runs in voxels of {one['voxel_mm']:g} mm; "
    words += f"left out one by one, {out['wrong']} of {out['tried']} are judged wrong"
    if out["weeks"] is not None:
        words += f" and the week is off by at most {out['weeks']:.1f}"
    words += f"; of {fresh['tried']} fresh runs {fresh['wrong']}"
    if fresh["weeks"] is not None:
        words += f", the week by at most {fresh['weeks']:.1f}"
    return words
