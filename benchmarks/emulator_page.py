"""The page of the emulator: its ranges, its error on fresh runs, its plot, what drives union."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np

from page import machine, prose, table
from trephine.study import inputs
from trephine.study.courses import CALLUS, MILLILITRE
from trephine.study.designed import FILM, WEEKS, Seen
from trephine.study.emulate import Emulator
from trephine.study.sensitivity import Driver

BINS = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0)
"""Chances of union between which the fresh runs are counted."""
ALT = (
    "Left, the chance of union told for each fresh run, by whether it united in the engine; "
    "middle, the week of union told beside the engine's; right, the same of the callus at week 26"
)
INK, PALE, GOOD, BAD = "#1f2430", "#9aa3b2", "#2a6f97", "#c1432e"


@dataclass(frozen=True)
class Speed:
    """How long a million courses take [s], and the largest memory [MB]."""

    predict: float
    sample: float
    peak: float


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
The healing engine takes seconds to minutes for one patient. The emulator answers in a ten
thousandth of a second: Gaussian processes that have learned from {len(emulator.trained)} designed
runs of the engine when a course of given inputs grows callus at all, when it then unites, and how
much callus there is by then. It stands in for the engine in large trials and in sweeps over all
inputs.
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
    e = emulator.error
    alike = f"{e.brier_of_the_share:.3f} if all are told the same"
    rows = [
        ("union by week 26, share told right", f"{100 * e.right:.1f} %", "likelier than not"),
        ("Brier score of the chance of union", f"{e.brier:.3f}", alike),
        ("week of union, mean absolute error", f"{e.week:.2f} weeks", f"mean {e.week_bias:+.2f}"),
        *(
            (f"callus at week {week}, root mean square", f"{off:.2g} mL", f"spread {wide:.2g} mL")
            for week, off, wide in zip(CALLUS, e.callus, e.callus_spread, strict=True)
        ),
        ("mRUST at week 26, root mean square", f"{e.mrust[-1]:.2f}", ""),
    ]
    return f"""## How far it is off

{
        prose(f'''
On {e.tried} runs of the engine that it never saw, drawn independently from the whole range
({e.united} of them unite), nothing of which had a part in choosing or teaching it:
''')
    }

{table(("", "error", "beside"), rows)}

![{ALT}](../images/emulator.svg)

Is a chance as good as its word? Fresh runs by the chance that was told:

{_reliability(emulator)}

{
        prose('''
A trial that uses the emulator carries this error besides its own: a single course near the
threshold may be told wrong, while shares over many patients are better than one patient's answer,
since the errors of both kinds cancel as far as the table above shows.
''')
    }"""


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
Held in all designed runs: a tilt of {inputs.TILT:g} degrees, an ovality of {inputs.OVALITY:g}, a
roughness of {inputs.ROUGHNESS:g}, load along the shaft alone, a reach of {inputs.REACH * 1e3:g} mm,
one injection at most, drugs from day 0, visits every week for {WEEKS} weeks, the numbers of the
catalogue as printed. The needle's error was drawn for each run, so its luck is part of the error.
''')
    }"""


def _use() -> str:
    return """## Use

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

Every input may be an array over patients; `course_inputs(..., at=features.__getitem__)` takes them
from a virtual population. `predict` gives chances by week and expected volumes, `sample` one
outcome of each patient, with the luck of the patient's number, so that arms share it."""


def _speed(speed: Speed) -> str:
    rows = [
        ("chances by week and expected volumes", f"{speed.predict:.0f} s"),
        ("one sampled outcome each", f"{speed.sample:.0f} s"),
        ("largest memory, both held", f"{speed.peak / 1e3:.1f} GB"),
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

{
        prose(f'''
Sobol indices of the chance of union by week {WEEKS} over all inputs, each varying independently
over its whole range ({calls:,} courses, {took:.0f} s). They tell what the engine answers to over
that range, not what decides in any population.
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
that they depend on, so an interrupted attempt goes on), learns, measures, and writes
this page. The runs to learn from fill the space evenly (a scrambled Sobol sequence); the fresh ones
are independent draws. Three functions are learned: the log odds that callus grows at all (designed
courses end with no callus to speak of or with much, and hardly ever between), the logarithm of the
week of union where it grows (a union that had not come by the last visit counts as later), and the
callus and the score where it grows. How smooth each is along each input is what makes the runs
likeliest; the rest is the runs themselves, which the file holds with the fresh ones, so that
anybody can compute the error above again. Small neural networks were tried first and were further
off on runs left out. Made for the model {about["engine"]["model"]} with the stages {stages} and the
numbers `{about["engine"]["numbers"]}`.
''')
    }"""


def plot(emulator: Emulator) -> str:
    """Return the plot of what was told beside what the engine did, as SVG."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("svg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    mpl.rcParams |= {"svg.hashsalt": "emulator", "svg.fonttype": "none", "font.size": 9}
    fresh = emulator.fresh
    said = emulator.predict(fresh.values)
    united = np.isfinite(fresh.union)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10.2, 3.5), layout="constrained")
    order = np.argsort(said.union_chance, kind="stable")
    place = np.arange(order.size)
    for ending, colour, word in ((True, GOOD, "united"), (False, BAD, "did not")):
        here = united[order] == ending
        left.plot(place[here], said.union_chance[order][here], "o", ms=3, c=colour, label=word)
    left.axhline(0.5, c=PALE, lw=0.8)
    left.set(
        xlabel="fresh runs, by the chance told", ylabel="chance of union told", ylim=(-0.03, 1.03)
    )
    left.legend(title="in the engine", frameon=False)
    both = united & (said.union_chance >= 0.5)
    _beside(middle, fresh.union[both], said.union_week[both], "week of union")
    last = fresh.callus[-1] / MILLILITRE
    _beside(right, last, said.callus[-1] / MILLILITRE, "callus at week 26 [mL]")
    for panel in (left, middle, right):
        panel.spines[["top", "right"]].set_visible(False)
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    plt.close(figure)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _beside(panel: Any, truth: Any, told: Any, what: str) -> None:  # noqa: ANN401
    most = float(max(truth.max(), told.max())) * 1.05
    panel.plot([0, most], [0, most], c=PALE, lw=0.8)
    panel.plot(truth, told, "o", ms=3, c=INK, alpha=0.6)
    panel.set(xlabel=f"{what}, engine", ylabel="emulator", xlim=(0, most), ylim=(0, most))
