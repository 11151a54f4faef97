"""Owns the page of the calibration: its tables and its two pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from trephine.catalogue.load import catalogue
from trephine.catalogue.posterior import Posterior
from trephine.report.words import rounded
from trephine.study import calibrate, unknowns
from trephine.study.calibrate import Effort, Fit
from trephine.study.identifiability import (
    Beside,
    Marginal,
    beside,
    directions,
    marginals,
    strongest,
)
from trephine.study.predictive import Foretold
from trephine.study.targets import LeftOut, Target

MADE = "<!-- Made by `make calibrate`; edit validation/calibration_page.py, not this. -->\n"
TOLD = 0.2
"""Share of a variance from which the data are said to tell something."""
RARE = 0.05
"""Chance below which a series is said to disagree with the others."""
NO_TRIAL = {
    "Li2019.all.rust_*": "at the start the film shows the old fracture, and the last one is of "
    "month 31; a course starts without callus and ends after 39 weeks",
}
"""What no trial file stands for, and why."""
WHY = {
    "Garg1993.united.time_to_union": "Garg 1993 prints five months where three series of the same "
    "product, one of them in casts as well, print 12 to 14 weeks. No number of the model slows one "
    "of them and not the others, so the fit leaves it: the tension is between the series.",
}
"""What lies behind a value that the other series would not have foretold, by its id."""
SERIES = "Hernigou2005"
"""The series that tells the doses of those who united and those who did not."""
MARGINALS = "What is known of each number before the fit, grey, and after it, green"
TIES = "Correlations between the numbers after the fit"


def page(
    fit: Fit,
    found: Posterior,
    effort: Effort,
    error: str,
    engine: Sequence[dict[str, Any]],
    aside: Sequence[Foretold],
) -> str:
    """Return the page.

    Parameters
    ----------
    fit
        The fit.
    found
        The posterior as the catalogue keeps it.
    effort
        How much was computed.
    error
        What the emulator says of its error.
    engine
        Draws of the posterior through the engine, as plain data.
    aside
        What the posterior foretells of values that were held out.
    """
    told, values = beside(fit), marginals(fit)
    parts = [
        _head(fit, effort, error),
        _targets(told),
        _disagreement(told),
        _ratio(fit),
        _aside(aside),
        _left_out(fit.left_out),
        _numbers(values),
        _ties(fit),
        _sampling(fit, found),
        _engine(engine),
        _use(found),
    ]
    return "\n".join(part for part in parts if part)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _head(fit: Fit, effort: Effort, error: str) -> str:
    p, laboratory = fit.numbers
    series = len({one.identifier.split(".")[0] for one in fit.targets})
    odds = np.exp(p.share)
    return f"""# Calibration

{MADE}
What the catalogue prints of {len(unknowns.IDENTIFIERS)} numbers is little better than a guess:
eight of the healing model and five of the product. Here they are fitted, all together, to
{len(fit.targets)} published values of {series} series whose role in the catalogue is
`calibrate`. What is held out is not read: the code asks the catalogue for that one role, and a
test changes every held-out number and finds the same draws.

The result is no best value but a **posterior**: {effort.draws} draws, each a whole set of numbers
that belong together. Use it where an answer should say what nobody knows.

- **Prior**: the spread that each [record](catalogue.md) states, cut to what is possible at all. An
  untreated non-union stays one, and some dose tips it. The middle of `callus.assay_factor` was
  set earlier so that the threshold of an example meets that of Hernigou 2005, which is fitted here
  too: that series counts once more through this prior, weakly, for its range is thirty-fold.
- **Virtual series**: {effort.patients} patients for each arm of the trials in `examples/trials`,
  the same for every draw, with the dose that their plan brings from needle to lesion.
- **Healing**: the [emulator](emulator.md), not the engine. {error} What it does not know of single
  courses is in its chances and averages out over a series; where it is off for a whole series, only
  the allowance below covers it, and runs of the engine at the end of this page say how far.
- **Likelihood**: binomial for shares, normal for mean times and log doses at the published size,
  and an allowance for what even a right model would miss: a factor of {odds:.2g} in the odds of
  union, {100 * p.time:.0f} % in a mean time, {100 * p.dose:.0f} % in a mean dose. Doses of one
  series share the laboratory that counted them, whose factor is free (spread of its logarithm
  {laboratory:g}).
- **Sampling**: adaptive importance sampling, twice with independent luck, {effort.points:,} points.

Everything that is not fitted is as printed.
"""


def _shown(target: Target, value: float) -> str:
    if target.kind == "share":
        return f"{value:.0f}"
    if target.kind == "time":
        return f"{value:.1f}"
    return f"{value * (1e-6 if 'volume' in target.endpoint.outcome else 1.0):,.0f}"


def _unit(target: Target) -> str:
    if target.kind == "share":
        return f"of {target.n} united"
    if target.kind == "time":
        return "weeks to union"
    return "CFU/mL" if "volume" in target.endpoint.outcome else "CFU"


def _targets(told: Sequence[Beside]) -> str:
    def span(one: Beside, ends: tuple[float, float] | None) -> str:
        return "too little" if ends is None else " to ".join(_shown(one.target, e) for e in ends)

    rows = [
        (
            f"`{one.target.identifier}`",
            f"{_shown(one.target, one.target.value)} {_unit(one.target)}",
            span(one, one.prior),
            f"**{span(one, one.posterior)}**"
            if not one.posterior[0] <= one.target.value <= one.posterior[1]
            else span(one, one.posterior),
            span(one, one.others),
        )
        for one in told
    ]
    text = """## What it is fitted to

Where 90 % of series of the published size would lie: before the fit, after it, and after a fit to
all the *other* studies alone. Bold intervals miss what was published even though it was fitted.
"""
    return f"{text}\n{table(('value', 'published', 'before', 'after', 'by the others'), rows)}"


def _disagreement(told: Sequence[Beside]) -> str:
    rare = [one for one in told if one.surprise is not None and one.surprise < RARE]
    missed = [one for one in told if not one.posterior[0] <= one.target.value <= one.posterior[1]]
    text = "## Where it misses\n\n"
    if missed:
        names = ", ".join(f"`{one.target.identifier}`" for one in missed)
        text += f"After the fit, {len(missed)} of {len(told)} values still lie outside: {names}. "
    else:
        text += "After the fit no value lies outside its interval. "
    text += (
        "What the other studies would not have foretold, and how rare it would be by them:\n\n"
        if rare
        else "No value is one that the other studies would not have foretold.\n"
    )
    rows = [
        (
            f"`{one.target.identifier}`",
            f"{_shown(one.target, one.target.value)} {_unit(one.target)}",
            " to ".join(_shown(one.target, end) for end in one.others or ()),
            f"1 in {1.0 / max(one.surprise or 0.0, 5e-4):.0f}",
        )
        for one in rare
    ]
    head = ("value", "published", "by the others", "so far out")
    why = [WHY[one.target.identifier] for one in rare if one.target.identifier in WHY]
    return text + (table(head, rows) if rows else "") + "".join(f"\n{words}\n" for words in why)


def _ratio(fit: Fit) -> str:
    """Return the words on the doses of those who united and those who did not."""
    by_name = {one.identifier: n for n, one in enumerate(fit.targets)}
    pair = [by_name[f"{SERIES}.{arm}.progenitors"] for arm in ("united", "not_united")]
    rows = fit.law.drawn(4000, np.random.default_rng(1))
    over, under = (fit.expected[n].mean[rows] for n in pair)
    low, high = np.quantile(over / under, (0.05, 0.95))
    first, second = (fit.targets[n].value for n in pair)
    return f"""## Dose of the united beside that of the failed

Counts of one laboratory are not those of another, so the quotient is what can be compared. In
{SERIES} the united had got {first / second:.1f} times as many progenitors as the failed; the fitted
model expects {low:.1f} to {high:.1f} times, over its draws.
"""


def _aside(aside: Sequence[Foretold]) -> str:
    """Return the table of what was held out."""
    rows, refused = [], []
    for one in aside:
        if one.published is None:
            continue
        name, shown = f"`{one.published.identifier}`", one.published.shown
        if one.low is None or one.high is None:
            refused.append((name, one.reason or "no value"))
            continue
        span = f"{rounded(one.low)} to {rounded(one.high)} {one.unit}".strip()
        rows.append((name, shown, span, "inside" if one.inside else "**outside**"))
    return f"""## Beside what was held out

No value here could set a number. Foretold are 90 % of trials of the published size, by the draws of
the posterior; the [scorecard](../scorecard.md) sets every series beside its prediction.

{table(("value", "published", "foretold", "lies"), rows)}
Of these it tells nothing; the engine does, on the scorecard:

{table(("value", "why"), refused)}
Nothing that is fitted sees how much callus there is, so the fit cannot mend a callus that is too
large.
"""


def _left_out(left: Sequence[LeftOut]) -> str:
    rows = [(f"`{one.identifier}`", one.reason) for one in left]
    rows += [(f"`{name}`", reason) for name, reason in NO_TRIAL.items()]
    return "## What could be fitted and is not\n\n" + table(("value", "why"), rows)


def _number(value: float) -> str:
    return f"{value:.3g}"


def _numbers(values: Sequence[Marginal]) -> str:
    rows = [
        (
            f"`{one.name}`",
            catalogue().record(one.name).about,
            _of(one.prior, one.name),
            _of(one.posterior, one.name),
            f"{100 * max(one.contraction, 0.0):.0f} %",
        )
        for one in values
    ]
    head = ("record", "what it is", "before", "after", "told")
    text = f"""## What the data tell

Median, and 5 to 95 %, before and after. *Told* is the share of the variance that the data took
away: at 0 % the posterior is the prior, and only somebody's guess stands there.

{table(head, rows)}
![{MARGINALS}](../images/calibration-marginals.svg)
"""
    silent = [one.name for one in values if one.contraction < 0.05]
    names = ", ".join(f"`{name}`" for name in silent)
    return text + (f"\nThe data say next to nothing of {names}.\n" if silent else "")


def _of(ends: tuple[float, ...], name: str) -> str:
    unit = catalogue().record(name).unit
    low, middle, high = (_number(end) for end in ends)
    return f"{middle} ({low} to {high}){'' if unit == '1' else ' ' + unit}"


def _ties(fit: Fit) -> str:
    found = directions(fit)
    clear = [one for one in found if one.told >= TOLD]
    rows = [
        (
            f"{100 * one.told:.0f} %",
            ", ".join(f"{load:+.2f} `{name}`" for name, load in strongest(one)),
        )
        for one in clear
    ]
    return f"""## What they cannot tell apart

Independent combinations of the numbers, each counted in spreads of its prior, what the data tell
most first. {len(clear)} of {len(found)} combinations are told by a fifth or more; within one, a
number can be exchanged for another. Cells that stay, cells that work and the signal they give off
count as a product: no series here can part them.

{table(("told", "combination"), rows)}
![{TIES}](../images/calibration-correlations.svg)
"""


def _sampling(fit: Fit, found: Posterior) -> str:
    said = found.diagnostics
    left = {one.name: one.left_out for one in fit.series if one.left_out > 0}
    known = "; ".join(f"{name}: {100 * share:.0f} %" for name, share in left.items())
    text = f"""## How well it is sampled

{said.points:,} points are worth {said.effective:.0f} independent draws (at least
{calibrate.LEAST_EFFECTIVE:g}). The weights have a tail of shape {said.tail:.2f} (at most
{calibrate.MOST_TAIL:g}), and the means of the two halves differ by at most {said.apart:.2f} spreads
(at most {calibrate.MOST_APART:g}). A fit that does not keep to these bounds is not written.
"""
    return text + (
        f"\nPatients outside the ranges of the emulator are left out ({known}).\n" if known else ""
    )


def _engine(engine: Sequence[dict[str, Any]]) -> str:
    if not engine:
        return ""
    rows = [
        (
            str(one["draw"]),
            f"{one['engine_united']} of {one['patients']}",
            f"{one['emulator_united']:.1f}",
            "" if one["engine_week"] is None else f"{one['engine_week']:.1f}",
            "" if one["emulator_week"] is None else f"{one['emulator_week']:.1f}",
        )
        for one in engine
    ]
    united = sum(one["engine_united"] for one in engine)
    told = sum(one["emulator_united"] for one in engine)
    whole = sum(one["patients"] for one in engine)
    head = ("draw", "united, engine", "expected by the emulator", "mean week, engine", "emulator")
    return f"""## Beside the engine itself

Some draws of the posterior, each with the same patients of Hernigou 2005 through the engine on
voxels of 3 mm. In all, {united} of {whole} united; the emulator expected {told:.1f}.

{table(head, rows)}"""


def _use(found: Posterior) -> str:
    return f"""## How to use it

```python
import numpy as np
from trephine.models.beliefs import Beliefs

# One draw; the numbers that were not calibrated from their spreads.
beliefs = Beliefs.posterior(np.random.default_rng(1))
```

`trephine trial FILE --numbers posterior` draws anew with each replicate, and
`trephine.study.predictive.predicted(trial)` tells what a trial of the published size would show,
with everything that is not known. `make calibrate` makes the posterior anew; seed {found.seed}
gives the same draws. It lies in the catalogue as `data/posterior/callus.toml` with the digests of
what it was made from, and is refused when published values, priors or draws no longer fit them.
"""
