"""Run a course of treatment from Python, then the same patient with less of everything.

Run with ``python examples/needle_to_film.py``; it takes about a minute on two cores.
"""

# %% Read a case, run it, look at it
import tempfile
from pathlib import Path

import trephine
from trephine.cli.example import file

case = trephine.read(str(file("femur-nonunion")))
coarse = trephine.Settings.model_validate({"voxel": "3 mm"})
run = trephine.run(case, settings=coarse)
picture = Path(tempfile.mkdtemp()) / "course.png"
trephine.plot(run, picture)
print(run.follow_up.ending.value, f"mRUST {run.follow_up.mrust[-1]:.0f}")

# %% The fields, with coordinates and units
fields = run.to_xarray()
print(fields["woven"].sel(time=84.0).max().item(), "of the open tissue is new bone at week 12")

# %% Change one thing in the plan and run again
loads = [step for step in case.plan.as_written()["steps"] if step["kind"] == "loading"]
alone = trephine.run(case.with_plan(steps=loads), settings=coarse)
print("without any cells:", alone.follow_up.ending.value)

# %% A stage by itself: how much a draw of 60 mL gives in one go, and in twelve
beliefs = trephine.Beliefs.printed()
from trephine.case.plan import Harvest  # noqa: E402
from trephine.core.rng import Streams  # noqa: E402
from trephine.models.aspiration import Donor  # noqa: E402
from trephine.stages.harvest import harvest  # noqa: E402


def progenitors(draws: str, syringe: str) -> float:
    """Return the progenitors that a way of drawing gives from the mean donor."""
    drawn = harvest(
        patient=case.patient,
        plan=Harvest.model_validate({"draws": [draws], "syringe": syringe}),
        p=beliefs.harvest,
        donor=Donor.mean(),
        rng=Streams(0).named("needle"),
    )
    return drawn.pool.progenitors


once, twelve = progenitors("1 x 60 mL", "60 mL"), progenitors("12 x 5 mL", "10 mL")
print(f"60 mL in one draw: {once:,.0f} progenitors; in twelve: {twelve:,.0f}")

# %% What must hold
assert run.follow_up.callus_volume[-1] > 10 * alone.follow_up.callus_volume[-1]
assert 3.0 < twelve / once < 10.0
assert picture.stat().st_size > 10_000
