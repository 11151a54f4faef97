"""Ask what each part of the model costs when it is left out.

Asked by the issue. The tibia with its cells is computed without one part at a time, nothing else
changed and nothing tuned again; then loosely held, freshly broken without cells, and with smaller
doses on coarser voxels for the threshold.

There is nothing to refute in a table, but a part that changes nothing has not earned its place in
this case, and a model without signal-dependent growth must have no threshold: it is there for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from trial import FRESH, NO_CELLS, VESSELS, Outcome, Trial, held

from page import USUAL, Answer, Verdict, stiff_day, table, union_words, usual
from trephine.models import differentiation, matrix, migration, remodelling

DOSES = (0.1, 0.22, 0.32, 0.46, 0.68)
COARSE = 3.0

PARTS: dict[str, dict[str, Any]] = {
    "nothing left out": {},
    "no chemotaxis": {"without": (migration.CHEMOTAXIS.name,)},
    "no haptotaxis": {"without": (migration.HAPTOTAXIS.name,)},
    "no mechanics: cells feel no strain": {"twist": "no strain"},
    "no tearing": {"without": (matrix.TEARING.name,)},
    "no want of oxygen: arterial everywhere": {"twist": "always arterial"},
    "growth without signal (no Allee effect)": {"numbers": (("callus.unsignalled_growth", 1.0),)},
    "no inflammation": {"numbers": (("inflammation.reach", 1.0 + 1e-9),)},
    "no lamellar bone": {"without": (remodelling.REMODELLING.name,)},
    "no resorption of unused bone": {"without": (remodelling.DISUSE_RESORPTION.name,)},
    "no supply from living bone": {"without": (migration.HOST_SUPPLY.name,)},
    "no growth of vessels": {"without": VESSELS},
    "no cartilage": {"without": (differentiation.COMMIT_TO_CARTILAGE.name,)},
}

CHANGES: dict[object, dict[str, Any]] = {
    "whole dose": {},
    "loose": {"sets": held(1.5, 500)},
    "fresh": {"sets": FRESH},
    **{dose: {"dose": dose, "voxel": COARSE} for dose in DOSES},
    "no cells": {"sets": (NO_CELLS,), "voxel": COARSE},
}

TRIALS: dict[tuple[str, object], Trial] = {
    (name, what): Trial(**part).but(**change)
    for name, part in PARTS.items()
    for what, change in CHANGES.items()
}


def threshold(found: Mapping[tuple[str, object], Outcome], name: str) -> str:
    """Return between which doses the threshold lies, in cells kept."""
    if found[name, "no cells"]["union"] is not None:
        return "none: heals without"
    heals = [dose for dose in DOSES if found[name, dose]["union"] is not None]
    fails = [dose for dose in DOSES if found[name, dose]["union"] is None]
    kept = {dose: sum(found[name, dose]["retained"]) for dose in DOSES}
    if not heals:
        return f"above {kept[DOSES[-1]]:,.0f}"
    low = max((kept[d] for d in fails if d < min(heals)), default=0.0)
    return f"{low:,.0f} to {kept[min(heals)]:,.0f}"


def answer(found: Mapping[tuple[str, object], Outcome]) -> Answer:
    """Return what was found."""
    whole = found["nothing left out", "whole dose"]
    allee = "growth without signal (no Allee effect)"
    quiet = found["no mechanics: cells feel no strain", "whole dose"]
    verdicts = (
        Verdict(
            "without signal-dependent growth there is no threshold",
            threshold(found, allee),
            found[allee, DOSES[0]]["union"] is not None,
        ),
        Verdict(
            "without mechanics the union week changes",
            f"{union_words(quiet)} against {union_words(whole)}",
            quiet["union"] != whole["union"],
        ),
    )
    rows = []
    for name in PARTS:
        outcome = found[name, "whole dose"]
        later = stiff_day(outcome) - stiff_day(whole)
        words = f"{later:+.0f} d" if math.isfinite(later) else "never"
        fresh = union_words(found[name, "fresh"])
        rows.append((name, words, *usual(outcome), threshold(found, name), fresh))
    head = (
        "left out",
        "10 kN/mm later by",
        *USUAL,
        "threshold [cells kept]",
        "fresh, no cells [wk]",
    )
    text = (
        f"{table(head, rows)}\n\nThe threshold is found on {COARSE:g} mm voxels among "
        f"{len(DOSES)} doses a factor of about 1.5 apart; the last two columns are weeks of union: "
        "with 1.5 body weights on 500 N/mm from the first day, and of a fresh fracture without "
        "cells, which inflammation heals."
    )
    return Answer("Ablations", verdicts, text)
