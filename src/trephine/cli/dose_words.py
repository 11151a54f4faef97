"""A dose as tables, bars and sentences on a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.padding import Padding

from trephine.cli.paper import table
from trephine.report.counts import DASH, SHORT, between, shares_explained, short
from trephine.report.words import NO_BREAK, chance_of, percent, rounded

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Plain = dict[str, Any]
BAR = 20
"""Characters of a whole bar."""
NAME = 36
"""Characters of what a bar is of; a longer name has a line to itself."""
HARMS = {"major": "major complication", "anaemia": "anaemia", "persistent_pain": "lasting pain"}


def show(told: Plain, console: Console, *, is_brief: bool = False) -> None:
    """Print a dose that was told as plain data."""
    for number, injection in enumerate(told["injections"], start=1):
        if is_brief:
            there = injection["at"]["lesion"]["progenitors"]
            console.print(
                f"Injection {number}, {of_day(injection)}: {short(there['median'])} progenitors "
                f"in the lesion, {between(there, 95)} in 95{NO_BREAK}% of samples"
            )
            for notice in injection["notices"]:
                console.print(f"Note: {notice}")
            continue
        console.print(_funnel(injection, number, told))
        _drivers(injection, number, console)
        for line in (counted(injection, told), harm(injection)):
            if line:
                console.print(Padding(line, (0, 0, 0, 2)))
        console.print()
    if "prescription" in told:
        console.print(reached(told["prescription"]), style="bold")
    if not is_brief:
        for notice in told["notices"]:
            console.print(f"Note: {notice}")


def of_day(injection: Plain) -> str:
    """Return the day of an injection in words."""
    return f"day {injection['day']:g}"


def method(injection: Plain) -> str:
    """Return how the product of an injection is made, in words."""
    process = injection["process"]
    name = process["method"].replace("_", " ")
    if "device" in process:
        name = f"{process['device'].replace('_', ' ')} device"
    kind = {"none": "as drawn", "concentrate": name, "culture": "cultured cells"}
    words = kind.get(process["method"], name)
    spun = injection.get("spin")
    turned = f", spun at {rounded(spun['g'])} g for {rounded(spun['minutes'])} min" if spun else ""
    return f"{rounded(injection['drawn_mL'])} mL drawn, {words}{turned}"


def _funnel(injection: Plain, number: int, told: Plain) -> Table:
    laboratory = told["laboratory"]["about"]
    counted = "grown cells" if injection["cultured"] else f"{laboratory} count"
    rows = table(
        f"Progenitors, {counted}",
        ">Median",
        ">80 %",
        ">95 % of samples",
        title=f"Injection {number}, {of_day(injection)}: {method(injection)}",
    )
    rows.columns[0].no_wrap = True
    for level in injection["funnel"]:
        rows.add_row(SHORT.get(level["step"], level["step"]), *_spread(level["progenitors"]))
    rows.add_section()
    product, lesion, held = injection["at"]["product"], injection["at"]["lesion"], injection
    for words, found in (
        ("per mL in the product", product["progenitors_per_mL"]),
        ("per mL in the lesion", lesion["progenitors_per_mL"]),
        ("mL in the lesion", lesion["volume_mL"]),
        ("nucleated in the product", product["nucleated"]),
        ("nucleated in the lesion", lesion["nucleated"]),
        ("platelets in the product", held["product"]["platelets"]),
        ("haematocrit of the product", held["product"]["haematocrit"]),
    ):
        if found["high_95"] > 0:
            rows.add_row(words, *_spread(found))
    return rows


def _spread(found: Plain) -> tuple[str, str, str]:
    return short(found["median"]), between(found, 80), between(found, 95)


def _drivers(injection: Plain, number: int, console: Console) -> None:
    driven = injection["drivers"]
    if not driven["groups"]:
        console.print(f"  Nothing drives the dose of injection {number}: it does not vary.")
        return
    factor = rounded(math.exp(driven["standard_deviation"]), 2)
    console.print(
        f"  What drives the dose in the lesion; two of three samples lie within {factor} times"
    )
    for group in driven["groups"]:
        console.print(_bar(group["about"], group))
    if driven["numbers"]:
        console.print("  Single numbers of the catalogue that matter most")
        for one in driven["numbers"]:
            console.print(_bar(one["name"], one))
    console.print(Padding(shares_explained(driven), (0, 0, 1, 2)))


def _bar(words: str, driver: Plain) -> str:
    share = max(driver["total"], 0.0)
    bar = "█" * round(BAR * min(share, 1.0)) or "▏"
    low, high = (100 * max(end, 0.0) for end in driver["total_interval"])
    text = f"{100 * share:.1f} % ({low:.1f}{DASH}{high:.1f})"
    name = f"  {words:{NAME}}" if len(words) <= NAME else f"  {words}\n  {'':{NAME}}"
    return f"{name} {bar:{BAR}} {text}"


def counted(injection: Plain, told: Plain) -> str:
    """Return what a colony assay of the product would show in one line; empty for grown cells."""
    if "assay" not in injection:
        return ""
    seen, name = injection["assay"], told["laboratory"]["about"]
    laboratory = "the reference laboratory" if name == "reference" else f"{name}"
    colonies = seen["colonies"]
    return (
        f"Colony assay of the product in {laboratory}, {seen['dishes']} dishes of "
        f"{short(seen['nucleated_in_each'])} nucleated cells: {short(colonies['median'])} colonies "
        f"({between(colonies, 95)} in 95{NO_BREAK}% of samples), "
        f"{short(seen['per_mL']['median'])} per mL"
    )


def harm(injection: Plain) -> str:
    """Return the risk of the harvest and how far it is known."""
    drawn = f"Harvest of {rounded(injection['drawn_mL'])} mL"
    if "risk" not in injection:
        return f"{drawn} of fat: no record of harm in the catalogue; none told is not none"
    said = [
        f"{words} {rounded(100 * injection['risk'][event]['chance'], 2)}{NO_BREAK}%"
        for event, words in HARMS.items()
        if event in injection["risk"]
    ]
    fall = injection.get("haemoglobin_fall_g_per_L")
    if fall is not None:
        said.append(f"haemoglobin falls by {rounded(fall, 2)} g/L")
    known = "no series tells complications by volume, so these hold for any"
    return f"{drawn}: {', '.join(said)}; {known}"


def reached(asked: Plain) -> str:
    """Return the chance of a prescription in words."""
    words = asked["asked"]
    text = (
        f"{words[:1].upper()}{words[1:]}: reached in "
        f"{chance_of(asked['chance'], asked['interval'])} of the samples"
    )
    if "of_each_injection" in asked:
        each = ", ".join(percent(one) for one in asked["of_each_injection"])
        text += f" by all injections together; by each alone {each}"
    if "grown_cells" in asked:
        apart = asked["grown_cells"]
        text += (
            f". Grown cells do not count, they are cells and no colonies; "
            f"{short(apart['there']['median'])} of them are there, and counted one for one "
            f"('grown cells included') it would be {chance_of(apart['chance'], apart['interval'])}"
        )
    return text
