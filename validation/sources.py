"""Ask whether a site without progenitors fails, and what cells need to rescue it.

Asked by check 8 of the specification, after Geris and others (2010), who stripped the periosteum
and reamed the marrow of a rat tibia: no source of progenitors gives a non-union, and cells given
at week 3 heal it if vessels and signal are there. Bone ends, periosteum and marrow are dead in a
stripped site. Vessels are taken away by leaving out the three vessel terms and the perfusion of
day 0, the signal by letting nothing secrete it.

Refuted if a stripped site heals without cells, if cells do not rescue it, or if they rescue it
without vessels or without signal. A fresh fracture (debris of day 0 at its full) with living
sources must heal by itself, or the first is no finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trial import FRESH, INJECTION, NO_CELLS, VESSELS, Outcome, Trial

from page import USUAL, Answer, Verdict, table, union, union_words, usual

PARTS = {
    "living": (),
    "bone ends dead": ("living_ends",),
    "periosteum stripped": ("periosteum",),
    "marrow reamed": ("marrow",),
    "all three gone": ("living_ends", "periosteum", "marrow"),
}
STRIPPED = tuple(f"site.biology.{part}=0" for part in PARTS["all three gone"])
WEEK_3 = f"{INJECTION}.day=21 d"
MUTE = tuple((f"callus.{n}_signal", 0.0) for n in ("progenitor", "osteoblast", "scaffold"))
BLOODLESS: dict[str, Any] = {"without": VESSELS, "twist": "no vessels on day 0"}

RESCUED = Trial(sets=(*STRIPPED, WEEK_3))
TRIALS: dict[tuple[str, str], Trial] = {
    ("non-union, no cells", "living"): Trial(sets=(NO_CELLS,)),
    ("non-union, no cells", "all three gone"): Trial(sets=(NO_CELLS, *STRIPPED)),
    ("non-union, cells at week 3", "living"): Trial(sets=(WEEK_3,)),
    ("non-union, cells at week 3", "all three gone"): RESCUED,
    **{
        ("fresh, no cells", name): Trial(sets=(*FRESH, *(f"site.biology.{p}=0" for p in parts)))
        for name, parts in PARTS.items()
    },
    ("fresh, no cells", "living, a smoker"): Trial(sets=(*FRESH, "patient.smoker=true")),
    ("fresh, no cells", "all three gone, no progenitor on day 0"): Trial(
        sets=(*FRESH, *STRIPPED), numbers=(("callus.host_level", 0.0),)
    ),
    ("rescue", "no vessels"): RESCUED.but(**BLOODLESS),
    ("rescue", "no signal"): RESCUED.but(numbers=MUTE),
    ("rescue", "neither"): RESCUED.but(numbers=MUTE, **BLOODLESS),
}


def answer(found: Mapping[tuple[str, str], Outcome]) -> Answer:
    """Return what was found."""
    established, fresh, late = (
        "non-union, no cells",
        "fresh, no cells",
        "non-union, cells at week 3",
    )
    gone = "all three gone"
    rescued, spoilt = found[late, gone], [found["rescue", n] for n in ("no vessels", "no signal")]
    alive, dead = found[fresh, "living"], found[fresh, gone]
    verdicts = (
        Verdict(
            "stripped, no cells: non-union",
            f"union week {union_words(found[established, gone])}",
            found[established, gone]["union"] is None,
        ),
        Verdict(
            "a fresh fracture with living sources heals by itself",
            f"union week {union_words(alive)}",
            alive["union"] is not None,
        ),
        Verdict(
            "that of a smoker heals too",
            f"union week {union_words(found[fresh, 'living, a smoker'])}",
            found[fresh, "living, a smoker"]["union"] is not None,
        ),
        Verdict(
            "the same fracture without any source of progenitors does not",
            f"union week {union_words(dead)}; without progenitors in the tissue on day 0 "
            f"{union_words(found[fresh, f'{gone}, no progenitor on day 0'])}",
            dead["union"] is None,
        ),
        Verdict(
            "cells at week 3 rescue the stripped site",
            f"union week {union_words(rescued)}",
            rescued["union"] is not None,
        ),
        Verdict(
            "not without vessels",
            f"union week {union_words(spoilt[0])}",
            spoilt[0]["union"] is None,
        ),
        Verdict(
            "not without signal", f"union week {union_words(spoilt[1])}", spoilt[1]["union"] is None
        ),
        Verdict(
            "a site with living sources does no worse than a stripped one, cells given",
            f"{union_words(found[late, 'living'])} against {union_words(rescued)}",
            union(found[late, "living"]) <= union(rescued),
        ),
    )
    rows = [(*key, *usual(outcome)) for key, outcome in found.items()]
    return Answer("Sources", verdicts, table(("site", "changed", *USUAL), rows))
