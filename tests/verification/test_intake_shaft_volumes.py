"""An idealised shaft has the volumes of the case file at any voxel size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from trephine.case.anatomy import Anatomy
from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.case.site import Site
from trephine.intake.site import anatomy

OUTER, CANAL, NAIL = 14.5e-3, 7.2e-3, 5e-3


def shaft_site(width: float, tilt: float, ovality: float, roughness: float) -> Site:
    return validate(
        Site,
        {
            "kind": "shaft",
            "bone": "tibia",
            "side": "right",
            "diagnosis": "atrophic non-union",
            "gap": {"width": f"{width} m", "tilt": f"{tilt} rad"},
            "fixation": {"kind": "nail", "nail_diameter": f"{2 * NAIL} m"},
            "shaft": {
                "outer_diameter": f"{2 * OUTER} m",
                "canal_diameter": f"{2 * CANAL} m",
                "ovality": ovality,
                "roughness": roughness,
            },
        },
        "test",
    )


def errors(a: Anatomy, width: float) -> dict[str, float]:
    """Relative errors of the volumes against the closed forms."""
    length = a.grid.shape[2] * a.grid.spacing
    wall, marrow = np.pi * (OUTER**2 - CANAL**2), np.pi * (CANAL**2 - NAIL**2)
    true = {
        "bone": wall * (length - width),
        "canal": marrow * (length - width),
        "gap": np.pi * (OUTER**2 - NAIL**2) * width,
        "cortex_removed": wall * width,
        "metal": np.pi * NAIL**2 * length,
    }
    return {
        name: abs(getattr(a, name).sum() * a.grid.voxel_volume / volume - 1.0)
        for name, volume in true.items()
    }


def point_sampled(site: Site, settings: Settings) -> Anatomy:
    """Sabotage: every voxel is all or nothing."""
    a = anatomy(site, settings)
    parts = {name: np.round(getattr(a, name)) for name in ("bone", "metal", "canal")}
    gap = np.round(a.gap) * (1 - np.minimum(parts["bone"] + parts["metal"] + parts["canal"], 1))
    rest = {f: getattr(a, f) for f in ("grid", "hounsfield", "outer_radius", "canal_radius")}
    return Anatomy(
        **rest, **parts, gap=gap, callus=0 * gap, cortex_removed=np.round(a.cortex_removed),
        gap_width=a.gap_width, tilt=a.tilt, virtual=a.virtual,
    )  # fmt: skip


CASES = [(0.004, 0.0, 1.0, 0.0), (0.0023, 0.35, 1.1, 0.04), (0.0101, 0.17, 1.0, 0.02)]


@pytest.mark.parametrize(("width", "tilt", "ovality", "roughness"), CASES)
@pytest.mark.parametrize("voxel", ["0.8 mm", "1.5 mm", "2.2 mm"])
def test_volumes_are_within_one_percent(
    width: float, tilt: float, ovality: float, roughness: float, voxel: str
) -> None:
    settings = Settings.model_validate({"voxel": voxel})
    a = anatomy(shaft_site(width, tilt, ovality, roughness), settings)
    assert errors(a, width) == pytest.approx(dict.fromkeys(errors(a, width), 0.0), abs=0.01)
    assert a.gap_width == pytest.approx(width)


@pytest.mark.parametrize("broken", [point_sampled])
def test_the_check_rejects_all_or_nothing_voxels(
    broken: Callable[[Site, Settings], Anatomy],
) -> None:
    a = broken(shaft_site(0.0023, 0.35, 1.1, 0.04), Settings.model_validate({"voxel": "1.5 mm"}))
    assert max(errors(a, 0.0023).values()) > 0.03
