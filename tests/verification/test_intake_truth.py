"""Intake finds in a phantom what was put there, through either format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from trephine.case.case import Case, read
from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.case.site import Gap, Shaft
from trephine.intake import ct, frame, placing, scan
from trephine.intake.case import intake
from trephine.intake.fracture import FoundGap, find_gap
from trephine.intake.phantom import write_phantom
from trephine.intake.sections import Line
from trephine.intake.site import anatomy
from trephine.intake.volume import Volume

SPACING = (1.5e-3, 1.5e-3, 2e-3)
VOXEL = max(SPACING)
SHAFT = Shaft.model_validate(
    {"outer_diameter": "28 mm", "canal_diameter": "13 mm", "ovality": 1.06, "roughness": 0.02}
)
GAP = Gap.model_validate({"width": "6 mm", "tilt": "14 deg"})


def template() -> Case:
    data: dict[str, Any] = {
        "name": "A template",
        "patient": {"age": "50 year", "sex": "female", "mass": "60 kg"},
        "site": {
            "kind": "shaft",
            "bone": "femur",
            "side": "left",
            "diagnosis": "atrophic non-union",
            "gap": {"width": "3 mm"},
            "fixation": {"kind": "nail", "nail_diameter": "10 mm"},
            "shaft": {"outer_diameter": "29 mm", "canal_diameter": "14 mm"},
        },
    }
    return validate(Case, data, "template")


@dataclass(frozen=True)
class Leg:
    """A phantom on disk and its truth."""

    image: Path
    truth: dict[str, Any]


def leg(folder: Path, kind: Any, gap: Gap | None = GAP) -> Leg:
    image = write_phantom(
        folder, shaft=SHAFT, kind=kind, gap=gap, length=0.2, spacing=SPACING, rise=0.01,
        side="right", lean=(0.09, -0.07),
    )  # fmt: skip
    return Leg(image, json.loads((folder / "truth.json").read_text()))


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Leg]:
    return {kind: leg(tmp_path_factory.mktemp(kind), kind) for kind in ("nifti", "dicom")}


def found(leg: Leg, out: Path, **changes: Any) -> dict[str, Any]:
    """What intake says of a phantom, and where it puts the bead on its grid."""
    given = {"bone": "femur", "side": "right", "half_length": 0.035, "name": "leg"}
    result = intake(leg.image, template=template(), out=out, **{**given, **changes})
    site = read(result.case).site
    assert site.scan is not None
    kept = scan.read(site.scan)
    apart = ~ndimage.binary_dilation(kept.labels > 0, iterations=4)
    bright, count = ndimage.label((kept.hounsfield > 500) & apart)
    sizes = ndimage.sum_labels(np.ones(bright.shape), bright, range(1, count + 1))
    bead = ndimage.center_of_mass(bright == int(np.argmax(sizes)) + 1)
    place = np.array([kept.grid.origin[i] + kept.grid.spacing * bead[i] for i in range(3)])
    return {"result": result, "bead": place, "site": site}


def misfits(leg: Leg, seen: dict[str, Any]) -> dict[str, float]:
    """How far each finding is from the truth, in voxels of the scan."""
    result, truth = seen["result"], leg.truth
    turn = np.array(truth["axis"])
    # the bead stands left and front of the gap, on the shaft's own axes
    away = 1.2 * SHAFT.outer_diameter / 2 + 0.010
    lengths = {
        "centre": float(np.linalg.norm(np.array(result.centre) - truth["gap_centre"])),
        "axis over 45 mm": 0.045 * float(np.linalg.norm(np.array(result.axis) - turn)),
        "outer diameter": result.outer_diameter - SHAFT.outer_diameter,
        "canal diameter": result.canal_diameter - SHAFT.canal_diameter,
        "gap width": result.gap.width - GAP.width,
        "gap tilt over the shaft": (result.gap.tilt - GAP.tilt) * SHAFT.outer_diameter,
        "level": (result.level - truth["level"]) * (truth["ends"]["high"] - truth["ends"]["low"]),
        "bead": float(np.linalg.norm(seen["bead"] - np.array([0.8 * away, -0.6 * away, 0.0]))),
    }
    return {name: abs(length) / VOXEL for name, length in lengths.items()}


@pytest.mark.parametrize("kind", ["nifti", "dicom"])
def test_everything_is_found_within_one_voxel(
    legs: dict[str, Leg], kind: str, tmp_path: Path
) -> None:
    apart = misfits(legs[kind], found(legs[kind], tmp_path))
    assert {name: voxels for name, voxels in apart.items() if voxels > 1.0} == {}
    assert apart["outer diameter"] < 0.2
    assert apart["canal diameter"] < 0.2


def fixed_threshold(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Sabotage: the surface of the bone taken at 400 HU, outside the middle of a blurred edge."""
    whole = frame.cut

    def loose(*given: Any) -> frame.Cut:
        part = whole(*given)
        shell = ndimage.binary_dilation(part.bone) & (part.hounsfield >= 400)
        return replace(part, bone=shell)

    monkeypatch.setattr(placing, "cut", loose)
    return {}


def test_both_formats_give_the_same_case(legs: dict[str, Leg], tmp_path: Path) -> None:
    settings = Settings.model_validate({"voxel": "1.5 mm", "margin_axial": "15 mm"})
    first, second = (
        anatomy(found(legs[kind], tmp_path / kind)["site"], settings) for kind in ("nifti", "dicom")
    )
    assert first.grid == second.grid
    for name in ("bone", "canal", "gap", "callus", "hounsfield"):
        assert np.allclose(getattr(first, name), getattr(second, name), atol=1.0 / 50), name


def test_the_gap_has_the_volume_that_was_left_out(legs: dict[str, Leg], tmp_path: Path) -> None:
    site = found(legs["nifti"], tmp_path)["site"]
    a = anatomy(site, Settings.model_validate({"voxel": "1.2 mm", "margin_axial": "15 mm"}))
    ring = np.pi * ((SHAFT.outer_diameter / 2) ** 2 - 0.005**2)
    assert a.gap.sum() * a.grid.voxel_volume == pytest.approx(ring * GAP.width, rel=0.03)
    wall = np.pi / 4 * (SHAFT.outer_diameter**2 - SHAFT.canal_diameter**2)
    assert a.cortex_removed.sum() * a.grid.voxel_volume == pytest.approx(wall * GAP.width, rel=0.05)


def mirrored(monkeypatch: pytest.MonkeyPatch, axis: int) -> None:
    """Read every scan with one axis the wrong way round."""
    whole = ct.read

    def read_mirrored(*given: Any, **more: Any) -> Volume:
        volume = whole(*given, **more)
        return replace(volume, hounsfield=np.flip(volume.hounsfield, axis))

    monkeypatch.setattr(ct, "read", read_mirrored)


def swapped_sides(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Sabotage: x taken to grow to the right."""
    mirrored(monkeypatch, 0)
    return {"bone": "tibia"}


def swapped_depths(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Sabotage: y taken to grow to the front."""
    mirrored(monkeypatch, 1)
    return {}


def straight_cut(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Sabotage: the grid stands along the scan, not along the shaft."""
    whole: Callable[[Line, float], frame.Frame] = frame.Frame.along

    def along(line: Line, height: float) -> frame.Frame:
        return replace(whole(line, height), axes=np.eye(3))

    monkeypatch.setattr(frame.Frame, "along", along)
    return {}


def high_gap(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Sabotage: the middle of the gap is taken a little too high."""

    def upper(*given: Any) -> FoundGap:
        gap = find_gap(*given)
        return replace(gap, height=gap.height + 0.4 * gap.width)

    monkeypatch.setattr(placing, "find_gap", upper)
    return {}


@pytest.fixture
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as context:
        yield context


SABOTAGES = [swapped_sides, swapped_depths, straight_cut, high_gap]


@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_the_check_rejects_a_broken_intake(
    legs: dict[str, Leg],
    sabotage: Callable[[pytest.MonkeyPatch], dict[str, Any]],
    patch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    changes = sabotage(patch)
    seen = found(legs["nifti"], tmp_path, **changes)
    assert max(misfits(legs["nifti"], seen).values()) > 1.0


def test_the_check_rejects_a_fixed_threshold(
    legs: dict[str, Leg], patch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    changes = fixed_threshold(patch)
    assert misfits(legs["nifti"], found(legs["nifti"], tmp_path, **changes))["outer diameter"] > 0.4
