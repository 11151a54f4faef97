"""The idealised shaft on a grid."""

from __future__ import annotations

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.case.site import Site
from trephine.core.errors import InputError
from trephine.intake.lesion import centred_grid, slab_share
from trephine.intake.site import anatomy


def site(**changes: object) -> Site:
    data: dict[str, object] = {
        "kind": "shaft",
        "bone": "femur",
        "side": "left",
        "diagnosis": "atrophic non-union",
        "gap": {"width": "4 mm"},
        "fixation": {"kind": "nail", "nail_diameter": "11 mm"},
        "shaft": {"outer_diameter": "29 mm", "canal_diameter": "14 mm"},
    }
    return validate(Site, {**data, **changes}, "test")


def settings(**changes: str) -> Settings:
    return Settings.model_validate({"voxel": "2 mm", "margin_axial": "8 mm", **changes})


def test_the_grid_is_symmetric_about_the_origin() -> None:
    grid = centred_grid((0.0101, 0.02, 0.005), 0.001)
    assert grid.shape == (22, 40, 10)
    for axis in range(3):
        assert grid.axis(axis) == pytest.approx(-grid.axis(axis)[::-1])


def test_the_gap_is_measured_along_the_shaft_however_tilted() -> None:
    grid = centred_grid((0.01, 0.01, 0.02), 0.0015)
    depths = np.array([-0.004, 0.0, 0.007])
    share = slab_share(grid, 0.004, 0.3, depths)
    assert share.sum(axis=-1) * grid.spacing == pytest.approx(0.004)
    middle = (share * grid.axis(2)).sum(axis=-1) / share.sum(axis=-1)
    assert middle == pytest.approx(depths * np.tan(0.3), abs=1e-4)


def test_the_tilted_gap_rises_to_the_back() -> None:
    a = anatomy(site(gap={"width": "4 mm", "tilt": "30 deg"}), settings())
    z = a.grid.axis(2)
    front, back = (a.gap[:, half].sum(axis=(0, 1)) for half in (slice(0, 12), slice(-12, None)))
    assert (front * z).sum() / front.sum() < -0.002
    assert (back * z).sum() / back.sum() > 0.002


def test_only_a_nail_puts_metal_on_the_grid() -> None:
    plated = anatomy(site(fixation={"kind": "plate"}), settings())
    nailed = anatomy(site(), settings())
    assert plated.metal.sum() == 0
    assert nailed.metal.sum(axis=(0, 1)) == pytest.approx(nailed.metal.sum() / len(z_of(nailed)))


def z_of(a: object) -> np.ndarray:
    return a.grid.axis(2)  # type: ignore[attr-defined]


def test_everything_within_the_periosteum_is_told_apart() -> None:
    a = anatomy(site(), settings())
    inside = a.bone + a.metal + a.canal + a.gap
    assert inside.max() <= 1 + 1e-12
    assert inside[a.grid.shape[0] // 2, a.grid.shape[1] // 2] == pytest.approx(1.0)
    assert (a.cortex_removed <= a.gap + 1e-12).all()
    assert a.callus[0].max() == 0, "the border of the grid is beyond the reach of callus"
    assert a.callus[:, :, 0].max() == pytest.approx(1.0)


def test_ct_numbers_lie_between_those_of_marrow_and_cortex() -> None:
    a = anatomy(site(), settings())
    middle, top = a.grid.shape[0] // 2, a.grid.shape[2] - 1
    assert a.hounsfield[0, 0, 0] == pytest.approx(45)
    assert a.hounsfield[middle, middle, top] == pytest.approx(-80)
    assert a.hounsfield[middle, middle, a.grid.shape[2] // 2] == pytest.approx(-80)
    assert 1900 < a.hounsfield.max() <= 2000


def test_the_same_site_gives_the_same_anatomy() -> None:
    uneven = site(shaft={"outer_diameter": "29 mm", "canal_diameter": "14 mm", "roughness": 0.05})
    first, second = anatomy(uneven, settings()), anatomy(uneven, settings())
    assert first.digest == second.digest
    assert first.digest != anatomy(site(), settings()).digest


def test_a_rough_canal_may_not_break_through_the_cortex() -> None:
    thin = {"outer_diameter": "20 mm", "canal_diameter": "19 mm", "roughness": 0.1}
    with pytest.raises(InputError, match=r"roughness of 0\.1 .* canal \(19 mm\) .* \(20 mm"):
        anatomy(site(shaft=thin), settings())
