"""Ask how many cells the tibia needs, and what a series of patients would show.

Asked by check 9 of the specification. Hernigou and others (2005) gave concentrate to 60 tibial
non-unions: 53 united with 54,962 progenitors on average, 7 failed with 19,324, and every failure
had had fewer than 30,000. The secretion of signal was set so that this threshold comes out: **the
threshold is a fit and is not scored**. What transfers between laboratories is the ratio of the
means, 2.8. It is asked of a made-up series: the same plan with the luck of 200 donors, needles and
placements, who unite if the cells that stay reach the threshold found here.

Refuted if more cells heal later, or if the series gives a ratio outside 2 to 4.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
from keep import Job
from trial import Outcome, Trial

from page import USUAL, Answer, Verdict, stiff_day, table, usual

FACTORS = (0.05, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0, 8.0)
PUBLISHED = 54962 / 19324
NOISE = 1.0


@dataclass(frozen=True)
class Series:
    """The product and what stays of it, for many patients with one plan.

    Parameters
    ----------
    patients
        How many; each has its own seed.
    draws
        Marrow drawn, as the case file writes it.
    """

    patients: int = 200
    draws: str = '["30 x 4 mL"]'

    @property
    def written(self) -> str:
        """Everything that tells it from another."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def cost(self) -> float:
        """How long it takes, in the units of a trial."""
        return 0.2

    @property
    def kind(self) -> str:
        """What is compiled for it."""
        return "series"

    def compute(self) -> Outcome:
        """Return the progenitors of each patient, in the product and kept at the lesion."""
        began = time.perf_counter()
        product, kept = [], []
        for seed in range(self.patients):
            trial = Trial(sets=(f"plan.steps.3.harvest.draws={self.draws}",), voxel=3.0, seed=seed)
            anatomy, grafts = trial.treated(trial.case(), trial.settings(), trial.beliefs())
            product.append(grafts[0].funnel[1].progenitors)
            kept.append(float(grafts[0].progenitors.sum()) * anatomy.grid.voxel_volume)
        return {"product": product, "kept": kept, "seconds": time.perf_counter() - began}


TRIALS: dict[object, Job] = {
    **{factor: Trial(dose=factor) for factor in FACTORS},
    "series": Series(),
    "small series": Series(draws='["12 x 5 mL"]'),
}


def threshold(found: Mapping[object, Outcome]) -> tuple[float, float]:
    """Return the largest dose kept that fails and the smallest that heals."""
    kept = {factor: sum(found[factor]["retained"]) for factor in FACTORS}
    fails = [kept[f] for f in FACTORS if found[f]["union"] is None]
    heals = [kept[f] for f in FACTORS if found[f]["union"] is not None]
    return max(fails, default=0.0), min(heals, default=math.inf)


def answer(found: Mapping[object, Outcome]) -> Answer:
    """Return what was found."""
    low, high = threshold(found)
    days = [stiff_day(found[factor]) for factor in FACTORS]
    limit = math.sqrt(low * high)
    seen = {name: _split(found[name], limit) for name in ("series", "small series")}
    scored, shares = seen["small series"], [s["share"] for s in seen.values()]
    verdicts = (
        Verdict(
            "more cells never heal later",
            f"day {days[-1]:.0f} with the most, {days[FACTORS.index(1.0)]:.0f} with the plan's",
            all(b <= a + NOISE for a, b in pairwise(days) if math.isfinite(a)),
        ),
        Verdict(
            "threshold, of the cells kept (fitted, not scored)",
            f"between {low:,.0f} and {high:,.0f}; published failures had fewer than 30,000 given",
            None,
        ),
        Verdict(
            "a series that fails as often as not has 2 to 4 times the cells in its successes "
            f"(published {PUBLISHED:.1f})",
            f"{scored['ratio']:.1f}; {100 * shares[1]:.0f} % unite",
            2.0 <= scored["ratio"] <= 4.0,
        ),
    )
    rows = [
        (f"{factor:g}", f"{sum(found[factor]['retained']):,.0f}", *usual(found[factor]))
        for factor in FACTORS
    ]
    series = [
        (
            name,
            f"{100 * s['share']:.0f} %",
            f"{s['united']:,.0f}",
            f"{s['failed']:,.0f}",
            f"{s['ratio']:.2f}",
            f"{s['least']:,.0f}",
        )
        for name, s in zip(("30 x 4 mL drawn", "12 x 5 mL drawn"), seen.values(), strict=True)
    ]
    head = (
        "plan",
        "unite",
        "product of the united",
        "of the others",
        "ratio",
        "least of the united",
    )
    text = (
        f"{table(('factor on the cells', 'cells kept', *USUAL), rows)}\n\n"
        "Two hundred patients with one plan each, progenitors in the product:\n\n"
        f"{table(head, series)}\n\n"
        f"Published: 88 % unite, {54962:,} against {19324:,}, ratio {PUBLISHED:.2f}. The ratio "
        "measures how widely yields scatter among patients more than it measures healing."
    )
    return Answer("Dose", verdicts, text)


def _split(series: Outcome, limit: float) -> dict[str, float]:
    """Return the means of those who unite and those who do not."""
    product, kept = np.asarray(series["product"]), np.asarray(series["kept"])
    unite = kept >= limit
    if unite.all() or not unite.any():
        united = failed = ratio = math.nan
    else:
        united, failed = float(product[unite].mean()), float(product[~unite].mean())
        ratio = united / failed
    least = float(product[unite].min()) if unite.any() else math.nan
    share = float(unite.mean())
    return {"share": share, "united": united, "failed": failed, "ratio": ratio, "least": least}
