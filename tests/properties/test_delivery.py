"""Laws of delivery for all plans: volume and cells are conserved, and nothing is overfilled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trephine.case.anatomy import Anatomy
from trephine.case.concentrate import Concentrate
from trephine.case.delivery import Delivery
from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.case.suspension import Suspension
from trephine.catalogue.load import catalogue
from trephine.core.grid import Grid
from trephine.models import placement
from trephine.models.injection import InjectionParameters
from trephine.models.reading import Reading
from trephine.models.retention import Placed, present
from trephine.stages.deliver import deliver

quick = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def bar(tilt: float) -> Anatomy:
    """Bone ends of a tube, 10 mm wide, with a gap of 4 mm, in soft tissue."""
    grid = Grid((15, 15, 13), 1e-3, (-7e-3, -7e-3, -6e-3))
    x, y, z = (np.broadcast_to(c * 1e3, grid.shape) for c in grid.centres())
    radius = np.hypot(x, y)
    shaft = np.clip(5.5 - radius, 0, 1)
    canal = np.clip(2.5 - radius, 0, 1)
    between = np.clip(2.5 - abs(z - y * np.tan(tilt)), 0, 1)
    nothing = np.zeros(grid.shape)
    return Anatomy(
        grid=grid,
        bone=(shaft - canal) * (1 - between),
        metal=nothing,
        canal=canal * (1 - between),
        gap=shaft * between,
        callus=np.clip(7.5 - radius, 0, 1) - shaft,
        cortex_removed=nothing,
        hounsfield=nothing,
        outer_radius=5e-3,
        canal_radius=2e-3,
        gap_width=4e-3,
        tilt=tilt,
        virtual=False,
    )


BARS = [bar(tilt) for tilt in (-0.6, 0.0, 0.4)]


@quick
@given(
    st.sampled_from(BARS),
    seeds,
    st.integers(1, 6),
    st.floats(0.0, 5.0),
    st.floats(0.02, 1.0),
)
def test_portions_conserve_the_volume_and_never_overfill(
    site: Anatomy, seed: int, portions: int, apart: float, part: float
) -> None:
    room = placement.capacity(site, 2e-3, {"gap": 1.0, "canal": 0.3, "callus": 0.7})
    voxel = site.grid.voxel_volume
    volume = part * float(room.sum()) * voxel
    luck = 1e-3 * np.random.default_rng(seed).standard_normal((portions, 3))
    aims = np.array(placement.aims(site, portions, apart * 1e-3))
    fill = placement.settle_in_turn(site, room, [tuple(tip) for tip in aims + luck], volume)
    assert fill.sum() * voxel == pytest.approx(volume, rel=1e-12)
    assert (fill >= 0).all()
    assert (fill <= room).all()


CARRIERS = ["none", "clot", "demineralised_bone", "allograft", "ceramic"]


@quick
@given(
    st.sampled_from(BARS),
    seeds,
    st.sampled_from(CARRIERS),
    st.booleans(),
    st.floats(0.1, 9.9),
    st.floats(0.1, 1.0),
    st.floats(8.0, 30.0),
    st.floats(0.5, 120.0),
    st.booleans(),
)
def test_budgets_close_and_no_step_makes_cells(
    site: Anatomy,
    seed: int,
    carrier: str,
    filtered: bool,  # noqa: FBT001  (drawn by the strategy)
    volume: float,
    packed: float,
    gauge: float,
    flow: float,
    opened: bool,  # noqa: FBT001
) -> None:
    written: dict[str, object] = {
        "volume": f"{volume!r} mL",
        "carrier": carrier,
        "needle": {"gauge": gauge},
        "flow": f"{flow!r} mL/min",
        "opened": opened,
        "portions": 2,
        "apart": "2 mm",
    }
    if carrier not in ("none", "clot"):
        written["carrier_volume"] = f"{packed * volume!r} mL"
        written["loading"] = "filtered" if filtered else "mixed"
    reading = Reading(catalogue(), lambda name: np.random.default_rng([seed, *name.encode()]))
    p = reading.fill(InjectionParameters)
    product = Suspension(10e-6, 1.0e9, 30_000.0, 5e9, 3e-6, 1e-6)
    graft = deliver(
        concentrate=Concentrate(product, "test", 0.6, 0.8, cultured=False, budgets=()),
        anatomy=site,
        plan=validate(Delivery, written, "delivery"),
        day=0.0,
        p=p,
        s=Settings.preset("draft"),
        rng=np.random.default_rng(seed),
    )
    assert all(budget.closes(1e-12) for budget in graft.budgets)
    assert min(min(budget.outgoing.values()) for budget in graft.budgets) >= -1e-20
    for kind in ("progenitors", "nucleated"):
        left = [getattr(line, kind) for line in graft.funnel]
        assert left == sorted(left, reverse=True)
    room = placement.capacity(site, 8e-3, p.accessible)
    assert (graft.fill <= room).all()


@quick
@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 200.0), st.floats(1.0, 1e6), st.floats(0.0, 1.0), st.floats(0.1, 10.0)
        ),
        max_size=5,
    ),
    st.floats(0.0, 400.0),
)
def test_injections_add_up_and_no_cell_comes_from_nowhere(
    made: list[tuple[float, float, float, float]], time: float
) -> None:
    all_of_them = [Placed(day, cells, lost, fast, 10 * fast) for day, cells, lost, fast in made]
    total = present(time, all_of_them)
    assert total == pytest.approx(sum(float(present(time, [one])) for one in all_of_them))
    assert 0.0 <= total <= sum(one.cells for one in all_of_them if one.day <= time) * (1 + 1e-12)
