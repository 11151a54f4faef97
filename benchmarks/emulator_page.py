"""The page of the emulator: its ranges, its error on fresh runs, its plot, what drives union."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from page import machine, prose, table
from trephine.study import inputs
from trephine.study.courses import CALLUS
from trephine.study.designed import FILM, WEEKS, Seen
from trephine.study.emulate import Emulator
from trephine.study.sensitivity import Driver

BINS = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0)
"""Chances of union between which the fresh runs are counted."""
ALT = (
    "Left, the week of union told for fresh runs beside the engine's; middle, the same of the "
    "callus at the last visit; right, the share of fresh runs that united by the chance told"
)
DRIVEN = "Bars of how much of the variance of the chance of union each input explains"


@dataclass(frozen=True)
class Speed:
    """How long a million courses take, and a trial of as many patients [s]; memory of each [MB]."""

    predict: float
    sample: float
    peak: float
    trial: float
    trial_peak: float


@dataclass(frozen=True)
class Coarse:
    """How far runs on coarse voxels are from the same runs on finer ones.

    Parameters
    ----------
    voxel
        Edge of the finer voxels [m].
    count, alike
        Pairs, and those of them that both unite or both do not.
    week, bias
        Mean absolute and mean difference of the week of union, coarse less fine [wk].
    callus
        Root mean square difference of the callus at the last visit, and its mean where it
        grew [mL].
    mrust
        Pairs whose score differs at the last visit.
    """

    voxel: float
    count: int
    alike: int
    week: float
    bias: float
    callus: tuple[float, float]
    mrust: int

    @classmethod
    def of(cls, voxel: float, coarse: Sequence[Seen], fine: Sequence[Seen]) -> Self:
        """Return it of pairs of runs."""
        pairs = [
            (a, b) for a, b in zip(coarse, fine, strict=True) if a.error is None and b.error is None
        ]
        both = [(a.union, b.union) for a, b in pairs if a.union and b.union]
        off = np.array([a - b for a, b in both])
        callus = np.array([(a.callus[-1], b.callus[-1]) for a, b in pairs])
        grown = callus[:, 1] > 1.0
        return cls(
            voxel,
            len(pairs),
            sum((a.union is None) == (b.union is None) for a, b in pairs),
            float(np.abs(off).mean()),
            float(off.mean()),
            (
                float(np.sqrt(np.mean((callus[:, 0] - callus[:, 1]) ** 2))),
                float(callus[grown, 1].mean()),
            ),
            sum(a.mrust[-1] != b.mrust[-1] for a, b in pairs),
        )


def page(
    emulator: Emulator,
    coarse: Coarse,
    speed: Speed,
    driven: tuple[Sequence[Driver], float, int],
) -> str:
    """Return the page."""
    parts = (
        _head(emulator),
        _error(emulator),
        _voxels(coarse),
        _ranges(),
        _use(),
        _speed(speed),
        _drivers(*driven),
        _made(emulator),
    )
    return "\n\n".join(parts) + "\n"


def _head(emulator: Emulator) -> str:
    return f"""# The emulator

{
        prose(f'''
The healing engine takes seconds to minutes for one patient. The emulator answers in a fraction of
a millisecond: Gaussian processes that have learned from {len(emulator.trained)} designed runs of
the engine when a course of given inputs grows callus at all, when it then unites, and how much
callus there is by then. It stands in for the engine in large trials, in sweeps over all inputs, and
where the biology of the engine is calibrated: those numbers are inputs too.
''')
    }

{
        prose('''
It knows what the engine does and nothing else: where the engine is wrong, so is the emulator. It
refuses a course outside its ranges, and it refuses to answer at all when the engine, or a number
of the catalogue that the engine reads, has changed since it learned.
''')
    }"""


def _error(emulator: Emulator) -> str:
    count = emulator.about["counts"]["fresh"]
    kinds = [
        emulator.error,
        emulator.error_on(emulator.fresh.part(slice(0, count))),
        emulator.error_on(emulator.fresh.part(slice(count, None))),
    ]
    last = CALLUS[-1]
    rows = [
        ("runs, of them united", *(f"{e.tried}, {e.united}" for e in kinds)),
        ("union, told right", *(f"{100 * e.right:.1f} %" for e in kinds)),
        ("Brier score of the chance of union", *(f"{e.brier:.3f}" for e in kinds)),
        ("the same by the share alone", *(f"{e.brier_of_the_share:.3f}" for e in kinds)),
        ("week of union, mean absolute error", *(f"{e.week:.2f} weeks" for e in kinds)),
        ("week of union, mean error", *(f"{e.week_bias:+.2f} weeks" for e in kinds)),
        *(
            (
                f"callus at week {week}, root mean square (spread)",
                *(f"{e.callus[n]:.2g} mL ({e.callus_spread[n]:.2g})" for e in kinds),
            )
            for n, week in enumerate(CALLUS)
        ),
        (f"mRUST at week {last}, root mean square", *(f"{e.mrust[-1]:.2f}" for e in kinds)),
        ("weeks within its 50 and 90 %", *(_shares(e.week_within) for e in kinds)),
        (f"callus at week {last} within them", *(_shares(e.callus_within) for e in kinds)),
        (f"mRUST at week {last} within them", *(_shares(e.mrust_within) for e in kinds)),
    ]
    return f"""## How far it is off

{
        prose(f'''
On {emulator.error.tried} runs of the engine that it never saw, drawn independently, half over the
whole range, half like the patients of the trials that may inform a parameter. None of them taught
it. One choice was made after they had been seen, because they showed its chances to be too
cautious: the chances are sharpened, by as much as makes each run that it learned from likeliest by
all others (without it, the Brier score was 0.071 after 365 runs).
''')
    }

{table(("", "all", "whole range", "like patients"), rows)}

![{ALT}](../images/emulator.svg)

Is a chance as good as its word? Fresh runs by the chance that was told:

{_reliability(emulator)}

{
        prose('''
A trial that uses the emulator carries this error besides its own: a single course near the
threshold may be told wrong, while shares over many patients are better than one patient's answer,
since the errors of both kinds cancel as far as the table above shows. What the emulator does not
know of a course is luck when outcomes are sampled.
''')
    }"""


def _shares(within: Sequence[float]) -> str:
    return " and ".join(f"{100 * one:.0f} %" for one in within)


def _reliability(emulator: Emulator) -> str:
    chance = emulator.predict(emulator.fresh.values).union_chance
    united = np.isfinite(emulator.fresh.union)
    rows = []
    for low, high in pairwise(BINS):
        here = (chance >= low) & ((chance < high) | (high == 1.0))
        if here.any():
            told, came = chance[here].mean(), united[here].mean()
            rows.append((f"{low:g} to {high:g}", int(here.sum()), f"{told:.2f}", f"{came:.2f}"))
    return table(("chance told", "runs", "mean chance told", "share that united"), rows)


def _voxels(one: Coarse) -> str:
    alike = f"{one.alike} of {one.count}"
    week = f"{one.week:.2f} weeks ({one.bias:+.2f} in the mean, coarse less fine)"
    callus = f"{one.callus[0]:.2g} mL, of a mean of {one.callus[1]:.2g} mL where it grew"
    return f"""## What coarse voxels cost

{
        prose(f'''
The designed runs are computed on voxels of 3 mm and filmed on voxels of {FILM * 1e3:g} mm, those of
draft quality: bone and gap are as sharp on the film as in a draft run, and the tissue is that of
the coarse run. {one.count} of the fresh runs, half of each kind, were computed on voxels of
{one.voxel * 1e3:g} mm as well. The two agree whether union comes in {alike}; where both unite, the
week differs by {week}; the callus at the last visit differs by {callus}; another mRUST comes in
{one.mrust}.
''')
    }"""


def _ranges() -> str:
    rows = [(f"`{one.name}`", one.about, one.range) for one in inputs.INPUTS]
    rows.append((f"`{inputs.CARRIER}`", "What the cells lie in", ", ".join(inputs.CARRIERS)))
    held = [(name, f"{low:g} to {high:g}") for name, low, high in inputs.RATIOS]
    return f"""## What it takes

{table(("input", "", "range"), rows)}

Besides, these lie in a range, and the middle load lies between the early and the late one:

{table(("ratio", "range"), held)}

{
        prose(f'''
Biology whose numbers would heal an untreated non-union by itself, or in which no dose would help,
is refused as outside the range. Held in all designed runs: a tilt of {inputs.TILT:g} degrees, an
ovality of {inputs.OVALITY:g}, a roughness of {inputs.ROUGHNESS:g}, load along the shaft alone, a
reach of {inputs.REACH * 1e3:g} mm, one injection or the same one twice, drugs from day 0, visits
every week for {WEEKS} weeks, all other numbers of the catalogue as printed. The needle's error was
drawn for each run, so its luck is part of the error.
''')
    }"""


def _use() -> str:
    return """## Use

```sh
trephine trial trial.toml --emulator --patients 100000
```

runs a trial on the emulator: the same virtual patients with the same doses, all of an arm at once.
Its error on unseen runs is told with every result. Who lies outside its ranges has no outcome and
stays in every denominator; an arm that it does not know at all is refused.

```python
from trephine.case.case import read
from trephine.core.rng import Streams
from trephine.study.course_inputs import course_inputs
from trephine.study.emulate import Emulator

emulator = Emulator.load()
case = read("tibia-nonunion.toml")
course = course_inputs(case, progenitors=3e4, nucleated=1e9, volume=8e-6)
told = emulator.predict(course)
print(told.union_chance, told.union_week_median, told.callus[-1])
print(emulator.error)
drawn = emulator.sample(course, Streams(0))
```

Every input may be an array over patients. `predict` gives chances by week and expected volumes,
`sample` one outcome of each patient, with the luck of the patient's number, so that arms share it.
For many biologies of the same patients, `arm_inputs(features, plan)` follows the cells from needle
to lesion once, and its `courses(biology, cells_factor)` changes what differs alone."""


def _speed(speed: Speed) -> str:
    rows = [
        ("chances by week and expected volumes", f"{speed.predict:.0f} s"),
        ("one sampled outcome each", f"{speed.sample:.0f} s"),
        ("largest memory, both held", f"{speed.peak / 1e3:.1f} GB"),
        ("a whole trial, from drawing the patients to its endpoints", f"{speed.trial:.0f} s"),
        ("largest memory of that", f"{speed.trial_peak / 1e3:.1f} GB"),
    ]
    return f"""## A million patients

{table(("", "measured"), rows)}

Measured on {machine()}."""


def _drivers(drivers: Sequence[Driver], took: float, calls: int) -> str:
    rows = [
        (
            one.name,
            f"{one.first:.3f}",
            f"{one.total:.3f}",
            f"{one.total_interval[0]:.3f} to {one.total_interval[1]:.3f}",
        )
        for one in drivers
    ]
    return f"""## What union depends on

![{DRIVEN}](../images/emulator-drivers.svg)

{
        prose(f'''
Sobol indices of the chance of union by week {WEEKS} over all inputs of patient, plan and biology,
each varying independently by the law of the designed runs ({calls:,} courses, {took:.0f} s). They
tell what the engine answers to over that range, not what decides in any population.
''')
    }

{table(("input", "alone", "with all others", "95 % interval"), rows)}"""


def _made(emulator: Emulator) -> str:
    about = emulator.about
    stages = ", ".join(f"{name} {version}" for name, version in about["engine"]["stages"].items())
    return f"""## How it was made

{
        prose(f'''
`make emulate` makes it anew from nothing: it computes the designed runs (kept by the digest of all
that they depend on, so an interrupted attempt goes on), learns, measures, and writes this page. Of
the runs to learn from, {about["counts"]["train"]} fill the space evenly (a scrambled Sobol
sequence) and {about["counts"]["series"]} are like the patients of the trials that may inform a
parameter, their biology drawn from its prior and their cells spread by a factor of four besides;
the fresh ones are independent draws of both kinds. Three functions are learned: the log odds that
callus grows at all (courses end with no callus to speak of or with much, and hardly ever between),
the logarithm of the week of union where it grows (a union that had not come by the last visit
counts as later), and the callus and the score where it grows. Among the coordinates is the density
of progenitors beside the least that tips a non-union by the model's own formula, which says most.
How smooth each function is along each input is what makes the runs likeliest; the rest is the runs
themselves, which the file holds with the fresh ones, so that anybody can compute the error above
again. Small neural networks were tried first and were further off on runs left out. Made for the
model {about["engine"]["model"]} with the stages {stages} and the numbers
`{about["engine"]["numbers"]}`.
''')
    }"""
