"""The picture of where an injection lies: one for each, with axes, tips and an honest colour."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from synthetic_run import synthetic_run
from trephine.case.delivery import Delivery
from trephine.case.document import validate
from trephine.case.graft import Passage
from trephine.report import fill, page, story
from trephine.report.sections import CUTS, section

RUN = synthetic_run()
FIRST, SECOND = RUN.treatments
TIPS = ((0.0, 0.0, 0.0), (6e-3, -4.5e-3, 2e-3))
GRAFT = replace(FIRST.graft, tips=TIPS, passage=Passage(96.0, 84e3, 3670.0))
TOLD = replace(RUN, treatments=(replace(FIRST, graft=GRAFT), SECOND))


def drawing(number: int = 0) -> ET.Element:
    return ET.fromstring(fill.fills(TOLD)[number].svg)  # noqa: S314  (our own drawing)


def test_each_injection_is_drawn_and_none_without() -> None:
    titles = [f.title for f in fill.fills(TOLD)]
    assert titles == ["Where injection 1 on day 0 lies", "Where injection 2 on day 30 lies"]
    assert fill.fills(synthetic_run(injections=False)) == []


def test_colour_lies_where_the_volume_lies_and_nowhere_else() -> None:
    anatomy = RUN.anatomy
    empty = replace(GRAFT, fill=np.zeros_like(GRAFT.fill))
    for cut in CUTS:
        with_fill, without = (fill.coloured(g, anatomy, cut) for g in (GRAFT, empty))
        share = section(GRAFT.fill, cut, anatomy.grid)
        changed = (with_fill.astype(int) != without.astype(int)).any(axis=-1)
        assert changed[share > fill.SEEN].all()
        assert not changed[share == 0].any()
    axial = fill.coloured(GRAFT, anatomy, CUTS[2])
    red, _, blue = axial[section(GRAFT.fill, CUTS[2], anatomy.grid) > 0.9].T.astype(int)
    assert (red > blue).all()


def test_sections_share_one_scale_and_hold_the_whole_grid() -> None:
    wide = [(float(i.get("width", 0)), float(i.get("height", 0))) for i in drawing().iter("image")]
    nx, ny, nz = RUN.anatomy.grid.shape
    scale = wide[0][0] / nx
    assert wide == [
        pytest.approx((n * scale, m * scale), abs=0.1) for n, m in ((nx, nz), (ny, nz), (nx, ny))
    ]
    right = max(float(i.get("x", 0)) + float(i.get("width", 0)) for i in drawing().iter("image"))
    assert right < fill.WIDTH - fill.BAR


def test_tips_lie_where_they_were() -> None:
    """A millimetre on the axis is a millimetre of the tip, in each section, front up in axial."""
    root = drawing()
    images = list(root.iter("image"))
    crosses = [p.get("d", "") for p in root.iter("path") if p.get("stroke") == "#fff"]
    assert len(crosses) == len(CUTS) * len(TIPS)
    half, step = RUN.anatomy.grid.spacing / 2, RUN.anatomy.grid.spacing
    low = [float(RUN.anatomy.grid.axis(k)[0]) - half for k in range(3)]
    high = [float(RUN.anatomy.grid.axis(k)[-1]) + half for k in range(3)]
    found = iter(crosses)
    for cut, image in zip(CUTS, images, strict=True):
        left, top, width = (float(image.get(k, 0)) for k in ("x", "y", "width"))
        across, along = fill.ACROSS[cut.plane]
        scale = width / (RUN.anatomy.grid.shape[across] * step)
        for tip in TIPS:
            x, y = next(found)[1:].split("h")[0].split()
            down = tip[along] - low[along] if cut.plane == "axial" else high[along] - tip[along]
            assert float(x) + 5 == pytest.approx(
                left + (tip[across] - low[across]) * scale, abs=0.2
            )
            assert float(y) == pytest.approx(top + down * scale, abs=0.2)


def test_facts_tell_tips_and_pressures_where_they_are_known() -> None:
    told = dict(fill.facts(GRAFT, RUN.anatomy))
    assert told["Farthest of 2 needle tips from the middle of the gap"].startswith("7.8")
    assert told["Pressure for the flow"].startswith("84")
    assert told["Shear stress in the needle"].startswith("96")
    assert set(dict(fill.facts(SECOND.graft, RUN.anatomy))) == {
        "Volume at the lesion",
        "Of the gap, filled",
    }


def test_the_page_shows_it() -> None:
    text = page.html(TOLD)
    assert text.count('<article class="funnel fill">') == 2
    assert "Where injection 2 on day 30 lies" in text


def test_the_plan_tells_how_the_product_was_kept_and_set() -> None:
    injection = RUN.case.plan.injections[0]
    changed = {
        "volume": "8 mL",
        "wait": "45 min",
        "kept": "cool",
        "drawn_up": 18,
        "opened": True,
        "portions": 3,
        "apart": "9 mm",
        "carrier": "allograft",
        "carrier_volume": "4 mL",
        "loading": "filtered",
    }
    plan = validate(Delivery, changed, "delivery")
    text = story.injection_sentences(injection.model_copy(update={"deliver": plan}))
    for said in (
        "Kept for 45",
        "kept cool and drawn up through 18 gauge. 8",
        "in 3 portions, 9",
        "of allograft bone that it was passed through, reaching",
        "into a gap cut open.",
    ):
        assert said in text, text
    assert "ept " not in story.injection_sentences(injection), "nothing is told of what is usual"
