"""Ask what the model of the necrotic femoral head makes of published series, and write it down.

Untreated hips by type (Kuroda 2019) and the two arms of Gangji 2004 set parameters, so their rows
are fits. All other rows are tests: a small lesion, a head that starts broken, and series that set
nothing.

Run as ``python validation/hips.py [patients]``; it writes the table of the page on hips.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from trephine.case.case import of_any_kind
from trephine.case.hip import HipCase
from trephine.study.hips import HipChances, follow_many, share_interval

PAGE = Path(__file__).parents[1] / "docs/explanation/hips.md"
BEGIN, END = "<!-- figures: made by validation/hips.py -->", "<!-- end of figures -->"
KURODA = {"A": (0.0, 0.0), "B": (7.9, 7.9), "C1": (23.2, 36.6), "C2": (57.8, 84.8)}
"""Collapse at 2 and 5 years [%]; catalogue Kuroda2019."""
DRILL = {"kind": "core_decompression", "day": "0 d"}
REST = [
    {"kind": "loading", "day": "0 d", "body_weights": 1.0},
    {"kind": "loading", "day": "42 d", "body_weights": 2.8},
]
CELLS = {
    "kind": "injection",
    "day": "0 d",
    "harvest": {"bone": "posterior_iliac_crest", "draws": ["80 x 5 mL"], "anticoagulant": "40 mL"},
    "process": {"method": "concentrate", "device": "buffy_coat", "product_volume": "50 mL"},
    "deliver": {"volume": "50 mL", "carrier": "clot"},
}
"""About 400 mL drawn and 50 mL injected, as Gangji 2004 (recalled)."""


def hip(years: float, steps: list[dict[str, Any]], **site: Any) -> HipCase:  # noqa: ANN401
    """Return a case."""
    half = f"{182.625 * years:g} d"
    data = {
        "name": "a hip of a series",
        "patient": {"age": "42 year", "sex": "male", "mass": "70 kg"},
        "site": {"kind": "femoral_head", "side": "left", "stage": "II", **site},
        "plan": {
            "steps": steps,
            "follow_up": {"duration": f"{365.25 * years:g} d", "interval": half},
        },
    }
    case = of_any_kind(data, "series")
    assert isinstance(case, HipCase)  # noqa: S101  (told apart by its kind)
    return case


def both(first: HipChances, second: HipChances) -> HipChances:
    """Return the patients of two types together."""
    names = first.__dataclass_fields__
    return HipChances(*(np.concatenate([getattr(first, n), getattr(second, n)]) for n in names))


def arm(years: float, steps: list[dict[str, Any]], patients: int, **site: Any) -> HipChances:  # noqa: ANN401
    """Return an arm of which half has lesions of type C1 and half of type C2."""
    types = ("C1", "C2")
    halves = (hip(years, steps, lesion={"jic": jic}, **site) for jic in types)
    first, second = (follow_many(case, patients // 2, seed=n) for n, case in enumerate(halves))
    return both(first, second)


def percent(share: float) -> str:
    """Return a share for a person."""
    return f"{100 * share:.0f} %"


def told(chances: HipChances, share: float) -> str:
    """Return a share of virtual patients with its interval."""
    low, high = chances.interval(share)
    return f"{percent(share)} ({100 * low:.0f}-{100 * high:.0f})"


def in_a_trial(chances: HipChances, share: float, n: int) -> tuple[int, int]:
    """Return the 90 % interval of how many of n hips would break, the chance being uncertain."""
    total = chances.collapse_day.size
    events = round(share * total)
    law = stats.betabinom(n, events + 0.5, total - events + 0.5)
    return int(law.ppf(0.05)), int(law.ppf(0.95))


def untreated(patients: int) -> list[str]:
    """Return the table of untreated hips by type."""
    lines = [
        "| type | collapse at 2 years: published | model | at 5 years: published | model |",
        "|---|---|---|---|---|",
    ]
    for jic, (two, five) in KURODA.items():
        found = follow_many(hip(5, [], lesion={"jic": jic}), patients)
        at_two, at_five = found.collapsed(2), found.collapsed(5)
        lines.append(
            f"| {jic} | {two:g} % | {told(found, at_two)} | {five:g} % | {told(found, at_five)} |"
        )
        print(lines[-1], flush=True)
    return lines


def trials(patients: int) -> list[str]:
    """Return the table of treated hips and of what sets nothing."""
    drilled = arm(5, [DRILL, *REST], patients)
    treated = arm(5, [DRILL, *REST, CELLS], patients)
    late = arm(2, [], patients // 2, stage="III")
    late_cells = arm(2, [CELLS], patients // 2, stage="III")
    small = follow_many(hip(5, [], lesion={"necrotic_angle": "80 deg"}), patients // 2)
    lines = ["| what | published | model | kind |", "|---|---|---|---|"]

    def row(what: str, published: str, model: str, kind: str) -> None:
        lines.append(f"| {what} | {published} | {model} | {kind} |")
        print(lines[-1], flush=True)

    for name, found, events, n in (
        ("decompression alone", drilled, 5, 8),
        ("decompression and cells", treated, 1, 10),
    ):
        share = found.fractured(2)
        low, high = in_a_trial(found, share, n)
        row(
            f"Gangji 2004, {name}: stage III at 2 years",
            f"{events} of {n}",
            f"{told(found, share)}; {low} to {high} of {n} in a trial of that size",
            "fit",
        )
    pairs = ((drilled, 8, 11, "decompression alone"), (treated, 3, 13, "with cells"))
    for found, events, n, name in pairs:
        share = found.fractured(5)
        low, high = in_a_trial(found, share, n)
        row(
            f"Gangji 2011, {name}: fracture at 5 years (recalled)",
            f"{events} of {n}",
            f"{told(found, share)}; {low} to {high} of {n}",
            "test, overlaps the fit",
        )
    share = treated.fractured(1.25)
    row("Hegde 2025, with cells: stage III at 15 months", "30 %", told(treated, share), "test")
    share = 1.0 - treated.collapsed(5)
    row(
        "Mayo 2021, with cells: no collapse, 7 years (model 5)",
        "84 %",
        told(treated, share),
        "test",
    )
    row(
        "odds of collapse with cells (Papakostidis 2015)",
        "0.2 (0.08-0.6)",
        odds(treated, drilled),
        "test",
    )
    share = small.collapsed(5)
    row(
        "lesion of 80 degrees, untreated, 5 years",
        "below 110 degrees safe",
        told(small, share),
        "test",
    )
    for found, name in ((late, "untreated"), (late_cells, "injected late")):
        share = found.collapsed(2)
        row(f"stage III, {name}: 2 mm at 2 years", "no difference", told(found, share), "test")
    return lines


def odds(treated: HipChances, drilled: HipChances) -> str:
    """Return the odds ratio of collapse within two years, with its interval by simulation."""
    rng = np.random.default_rng(0)
    drawn = []
    for found in (treated, drilled):
        total = found.collapse_day.size
        events = round(found.collapsed(2) * total)
        chance = rng.beta(events + 0.5, total - events + 0.5, 20000)
        drawn.append(chance / (1.0 - chance))
    low, middle, high = np.quantile(drawn[0] / drawn[1], [0.05, 0.5, 0.95])
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


def write(lines: list[str]) -> None:
    """Put the tables between their marks on the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text("\n".join([before + BEGIN, "", *lines, "", END + after]), encoding="utf-8")


def main() -> None:
    """Ask, print and write."""
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    low, high = share_interval(1, 10)
    print(f"{patients} virtual patients a row; 1 of 10 is {low:.2f}-{high:.2f}")
    write([*untreated(patients), "", *trials(patients)])


if __name__ == "__main__":
    main()
