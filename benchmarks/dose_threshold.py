"""The dose at which the tibial example begins to unite, beside the published range it was set to.

Run with ``python benchmarks/dose_threshold.py``. Decision 10 rests on it: the assay factor of the
catalogue was set so that the answer falls between 21,000 and 26,000 CFU-F in 20 mL of product.
"""

from __future__ import annotations

import trephine
from trephine.case.concentrate import Concentrate
from trephine.case.delivery import Delivery
from trephine.case.suspension import Suspension
from trephine.cli.example import file
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.core.types import Ending
from trephine.intake.site import anatomy
from trephine.stages.deliver import deliver
from trephine.stages.follow import follow
from trephine.stages.heal import heal

VOLUME = 20e-6
NUCLEATED = 50e12
"""Nucleated cells of a concentrate [1/m^3]."""
PUBLISHED = (21_000, 26_000)


def unites(dose: float, voxel: str) -> bool:
    """Return whether a product with ``dose`` CFU-F in 20 mL makes the tibial example unite."""
    case = trephine.read(str(file("tibia-nonunion")))
    settings = trephine.Settings.model_validate({"voxel": voxel})
    beliefs = trephine.Beliefs.printed()
    site = anatomy(case.site, settings)
    content = Suspension(VOLUME, VOLUME * NUCLEATED, dose, 0.0, 0.2 * VOLUME, 0.0)
    graft = deliver(
        concentrate=Concentrate(content, "as published", 1.0, 1.0, cultured=False, budgets=()),
        anatomy=site,
        plan=Delivery.model_validate({"volume": "20 mL"}),
        day=0.0,
        p=beliefs.deliver,
        s=settings,
        rng=Streams(0).named("placement"),
    )
    course = heal(
        patient=case.patient,
        site=case.site,
        anatomy=site,
        grafts=[graft],
        plan=case.plan,
        p=beliefs.heal,
        s=settings,
        watch=Watch(),
    )
    seen = follow(
        course=course,
        anatomy=site,
        side=case.site.side,
        p=beliefs.follow,
        rng=Streams(0).named("film"),
    )
    return seen.ending is Ending.UNITED


def threshold(voxel: str, rounds: int = 5) -> tuple[float, float]:
    """Return the bracket of the least dose that unites [CFU-F]."""
    low, high = 1.5e4, 4e4
    assert not unites(low, voxel)
    assert unites(high, voxel)
    for _ in range(rounds):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if unites(middle, voxel) else (middle, high)
    return low, high


if __name__ == "__main__":
    for edge in ("2 mm", "1.5 mm"):
        low, high = threshold(edge)
        print(f"{edge} voxels: between {low:,.0f} and {high:,.0f} CFU-F; published {PUBLISHED}")
