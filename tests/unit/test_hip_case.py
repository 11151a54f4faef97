"""The case of a hip: what it takes, what it refuses, and the way through the whole program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import trephine
from trephine.case.case import of_any_kind, read
from trephine.case.document import validate
from trephine.case.hip import FemoralHead, HipCase
from trephine.case.hip_run import HipRun
from trephine.case.settings import Settings
from trephine.core.errors import InputError
from trephine.intake.head import head_anatomy, printed
from trephine.pipeline.hip import rehearse, run
from trephine.report import hip as report
from trephine.report.hip import visits
from trephine.report.hip_pictures import pressed_flat
from trephine.report.sheet import across
from trephine.store.runs import load_any

EXAMPLE = Path(trephine.__file__).parent / "cli/examples/hip-osteonecrosis.toml"
SCAN = Path(__file__).parents[3] / "shared/ct/femur_ct.nii"
COARSE = Settings.model_validate({"voxel": "3.5 mm"})


def hip(**site: Any) -> dict[str, Any]:
    base = {"kind": "femoral_head", "side": "left", "stage": "II", "lesion": {"jic": "C1"}}
    patient = {"age": "42 year", "sex": "female", "mass": "70 kg"}
    return {"name": "a hip", "patient": patient, "site": {**base, **site}}


@pytest.mark.parametrize(
    ("site", "said"),
    [
        ({"stage": "IV"}, "no evidence for marrow cells in stage IV"),
        ({"stage": "V"}, "no evidence"),
        ({"lesion": {"jic": "C1", "volume": "10 mL"}}, "exactly one of jic"),
        ({"lesion": {}}, "exactly one of jic"),
        ({"flattening": "1 mm"}, "belongs to stage III"),
        ({"fixation": {"kind": "nail"}}, "fixation"),
    ],
)
def test_what_no_model_serves_is_refused(site: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        of_any_kind(hip(**site), "it")


def test_a_drug_and_a_fat_product_are_refused() -> None:
    drug = {"kind": "medication", "drug": "nsaid", "day": "0 d"}
    with pytest.raises(InputError, match="does not know; known: core_decompression"):
        of_any_kind({**hip(), "plan": {"steps": [drug]}}, "it")


@pytest.mark.parametrize(
    ("lesion", "said"),
    [({"volume": "60 mL"}, "more than"), ({"volume": "12 mL"}, "")],
)
def test_a_lesion_must_fit_the_head(lesion: dict[str, Any], said: str) -> None:
    site = validate(FemoralHead, hip(lesion=lesion)["site"], "it")
    if said:
        with pytest.raises(InputError, match=said):
            head_anatomy(site, 3e-3)
        return
    assert head_anatomy(site, 3e-3).lesion_volume == pytest.approx(12e-6, rel=0.02)


def test_the_two_sides_are_mirror_images() -> None:
    left, right = (
        head_anatomy(validate(FemoralHead, hip(side=side)["site"], "it"), 3.5e-3)
        for side in ("left", "right")
    )
    for name in ("head", "neck", "cartilage", "socket", "density", "dead"):
        np.testing.assert_allclose(getattr(left, name), getattr(right, name)[::-1], atol=1e-12)


def test_a_hip_goes_through_the_whole_program(tmp_path: Path) -> None:
    case = read(EXAMPLE)
    assert isinstance(case, HipCase)
    case = case.with_plan(follow_up={"duration": "26 wk", "interval": "13 wk"})
    assert rehearse(case, COARSE)["injections"] == 1
    made = run(case, settings=COARSE, out=tmp_path / "run")
    back = load_any(tmp_path / "run")
    assert isinstance(back, HipRun)
    np.testing.assert_array_equal(back.course.fields["integrity"], made.course.fields["integrity"])
    assert back.course.ending is made.course.ending
    assert made.treatments[0].graft.funnel[-1].progenitors > 0
    assert all(budget.closes() for budget in made.treatments[0].graft.budgets)
    assert len(visits(made)[1]) == 3
    json.dumps(made.summary())
    page = report.write(made, tmp_path / "page").read_text(encoding="utf-8")
    assert len(report.facts(made)) % across(len(report.facts(made))) == 0
    assert page.count("years from day 0") == 2
    assert "weeks from day 0" not in page
    assert ">0.0 years, body weight<" in page


def test_rows_of_tiles_are_full_where_they_can_be() -> None:
    assert [across(count) for count in range(3, 11)] == [3, 4, 5, 3, 4, 4, 3, 5]


@pytest.mark.skipif(
    not SCAN.is_file(), reason="the scan of a femur does not lie beside the checkout"
)
def test_a_lesion_is_painted_on_a_scanned_head() -> None:
    scan = {"ct": str(SCAN), "centre": [27.9, 59.5, 22.6]}
    cap = {"half_angle": "50 deg", "anterior": "15 deg"}
    site = validate(
        FemoralHead, hip(radius="24.9 mm", scan=scan, lesion={"painted": cap})["site"], "it"
    )
    anatomy = head_anatomy(site, 3e-3)
    inside = anatomy.head > 0.99
    assert float(np.median(anatomy.density[inside])) == pytest.approx(1.0, abs=0.15)
    assert float(np.std(anatomy.density[inside])) > 0.15
    assert "from a CT" in anatomy.source
    with pytest.raises(InputError, match="outside the scan"):
        head_anatomy(
            validate(
                FemoralHead,
                hip(radius="24.9 mm", scan={**scan, "centre": [500, 0, 0]})["site"],
                "it",
            ),
            3e-3,
        )


@pytest.mark.skipif(
    not SCAN.is_file(), reason="the scan of a femur does not lie beside the checkout"
)
def test_a_broken_scanned_head_is_run_and_reported(tmp_path: Path) -> None:
    scan = {"ct": str(SCAN), "centre": [27.9, 59.5, 22.6], "upside_down": True}
    cap = {"half_angle": "50 deg", "anterior": "15 deg"}
    data = hip(radius="24.9 mm", scan=scan, lesion={"painted": cap}, stage="III", flattening="4 mm")
    case = of_any_kind(
        {**data, "plan": {"follow_up": {"duration": "4 wk", "interval": "4 wk"}}}, ""
    )
    assert isinstance(case, HipCase)
    same_grid = Settings.model_validate({"voxel": "3.8 mm"})
    made = run(case, settings=same_grid)
    assert made.anatomy.grid.shape == (16, 16, 18)
    flat = pressed_flat(made, 0).sum() * made.anatomy.grid.voxel_volume * 1e9
    assert flat == pytest.approx(np.pi * 4.0**2 * (24.9 - 4.0 / 3.0), rel=0.25)
    page = report.write(made, tmp_path).read_text(encoding="utf-8")
    for words in ("Density of the head from a CT", "it is virtual", "no rule about cells"):
        assert words in page
    assert "fewer collapses with cells" not in page
    assert "Stress under a step of walking" not in page


def test_a_printed_head_is_that_of_the_catalogue() -> None:
    site = validate(FemoralHead, hip()["site"], "it")
    assert head_anatomy(site, 3e-3).radius == printed().head_radius == 0.0225
