"""From a CT to a case and back to an anatomy: files, refusals, names."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from trephine.case.case import Case, read
from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.case.site import Gap, Shaft
from trephine.core.errors import InputError
from trephine.core.grid import Grid
from trephine.intake import case_files
from trephine.intake.case import Intake, intake
from trephine.intake.phantom import write_phantom
from trephine.intake.scan import averaged
from trephine.intake.site import anatomy

SHAFT = Shaft.model_validate({"outer_diameter": "26 mm", "canal_diameter": "13 mm"})
COARSE = Settings.model_validate({"voxel": "2 mm", "margin_axial": "12 mm"})


@pytest.fixture(scope="module")
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
        "plan": {"steps": [{"kind": "loading", "day": "0 d", "body_weights": 0.5}]},
    }
    return validate(Case, data, "template")


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("intact")
    return write_phantom(folder, shaft=SHAFT, length=0.11, spacing=(2e-3, 2e-3, 2e-3))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    gap = Gap.model_validate({"width": "8 mm"})
    out = tmp_path_factory.mktemp("broken")
    return write_phantom(out, shaft=SHAFT, length=0.14, spacing=(2e-3, 2e-3, 2e-3), gap=gap)


def take(path: Path, template: Case, out: Path, **changes: Any) -> Intake:
    given: dict[str, Any] = {
        "template": template, "out": out, "name": "Test case", "bone": "femur", "side": "left",
        "level": 0.55, "gap_width": 0.004, "half_length": 0.025,
    }  # fmt: skip
    return intake(path, **{**given, **changes})


@pytest.fixture(scope="module")
def taken(phantom: Path, template: Case, tmp_path_factory: pytest.TempPathFactory) -> Intake:
    return take(phantom, template, tmp_path_factory.mktemp("taken"), tilt=0.2)


def test_the_case_reads_back_with_what_the_template_knows(taken: Intake, template: Case) -> None:
    case = read(taken.case)
    assert case.name == "Test case"
    assert case.patient == template.patient
    assert case.plan == template.plan
    assert case.site.fixation == template.site.fixation
    assert case.site.biology == template.site.biology
    assert case.site.shaft is None
    assert case.site.gap.virtual
    assert case.site.gap.width == pytest.approx(0.004)
    assert case.site.gap.tilt == pytest.approx(0.2)
    assert case.site.scan is not None
    assert "virtual" not in case.site.scan.source
    assert taken.notices[0].startswith("virtual gap of 4 mm")
    lent = "Patient, plan, fixation and biology are those of the case 'A template'"
    assert lent in case.about
    assert taken.notices[-1].startswith(lent)
    assert taken.level == pytest.approx(0.55, abs=0.001)


def test_the_files_are_named_beside_the_case_and_alone_there(taken: Intake) -> None:
    scan = tomllib.loads(taken.case.read_text())["site"]["scan"]
    assert scan["density"] == "test-case_density.nii.gz"
    names = {path.name for path in taken.case.parent.iterdir()}
    assert names == {"test-case.toml", "test-case_density.nii.gz", "test-case_labels.nii.gz"}


def test_the_same_intake_gives_the_same_bytes(
    taken: Intake, phantom: Path, template: Case, tmp_path: Path
) -> None:
    take(phantom, template, tmp_path, tilt=0.2)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (taken.case.parent / path.name).read_bytes()


def test_the_anatomy_agrees_with_what_intake_measured(taken: Intake) -> None:
    a = anatomy(read(taken.case).site, COARSE)
    assert 2 * a.outer_radius == pytest.approx(taken.outer_diameter)
    assert 2 * a.canal_radius == pytest.approx(taken.canal_diameter)
    assert a.virtual
    assert a.metal[a.metal.shape[0] // 2, a.metal.shape[1] // 2] == pytest.approx(1.0)
    wall = a.cortex_removed.sum() * a.grid.voxel_volume
    ring = np.pi / 4 * (taken.outer_diameter**2 - taken.canal_diameter**2)
    assert wall == pytest.approx(ring * 0.004, rel=0.02)


def test_a_voxel_holds_something_or_nothing(taken: Intake) -> None:
    a = anatomy(read(taken.case).site, COARSE)
    for name in ("bone", "metal", "canal", "gap", "callus", "cortex_removed"):
        share = getattr(a, name)
        assert share.min() >= 0.0
        assert not ((share > 0) & (share < 1e-9)).any(), name


def test_volumes_are_the_same_on_any_grid(taken: Intake) -> None:
    site = read(taken.case).site
    fine, coarse = (
        anatomy(site, Settings.model_validate({"voxel": f"{v} mm", "margin_axial": "12 mm"}))
        for v in (0.8, 2.0)
    )
    for name in ("gap", "cortex_removed"):
        first, second = (getattr(a, name).sum() * a.grid.voxel_volume for a in (fine, coarse))
        assert first == pytest.approx(second, rel=0.01)


def test_averages_keep_the_total_and_the_place() -> None:
    rng = np.random.Generator(np.random.Philox(5))
    source = Grid((4, 8, 12), 1.0, (-1.5, -3.5, -5.5))
    target = Grid((5, 10, 15), 0.8, (-1.6, -3.6, -5.6))
    values = rng.random(source.shape)
    moved = averaged(values, source, target)
    assert moved.sum() * 0.8**3 == pytest.approx(values.sum())
    lump = np.zeros(source.shape)
    lump[1, 5, 9] = 1.0
    moved = averaged(lump, source, target)
    place = [(moved * c).sum() / moved.sum() for c in target.centres()]
    assert place == pytest.approx([-0.5, 1.5, 3.5], abs=0.4)


# -- refusals


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"level": None}, r"both --gap and --level"),
        ({"gap_width": None}, r"both --gap and --level"),
        ({"gap_width": None, "level": None, "tilt": 0.1}, r"--tilt belongs to a virtual gap"),
        ({"level": 1.5}, r"--level 1\.5 is not on the bone"),
        ({"gap_width": -0.002}, r"--gap \(-2 mm\) must be positive"),
        ({"half_length": 1.0}, r"--half-length \(1e\+03 mm\) must lie between 15 and 150 mm"),
        ({"name": "---"}, r"holds no letter or digit"),
        ({"side": "middle"}, r"site\.side: 'middle' is not accepted"),
        ({"tilt": 1.5}, r"site\.gap\.tilt: must be at most 60"),
        ({"nail_diameter": 0.02}, r"nail \(20 mm\) is wider than the canal \(1\d"),
        ({"gap_width": None, "level": None}, r"bone in one piece.* give --gap and --level"),
        ({"level": 0.97}, r"the bone ends \d+ mm from the gap towards the foot"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    phantom: Path, template: Case, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        take(phantom, template, tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []


def test_a_nail_does_not_belong_to_a_plate(phantom: Path, template: Case, tmp_path: Path) -> None:
    plate = {"kind": "plate", "nail_diameter": None, "locking": None}
    plated = template.changed({"site": {"fixation": plate}})
    with pytest.raises(InputError, match="nail_diameter does not belong to a plate"):
        take(phantom, plated, tmp_path, nail_diameter=0.009)


def test_files_that_exist_are_left_alone(phantom: Path, template: Case, tmp_path: Path) -> None:
    (tmp_path / "test-case_labels.nii.gz").write_text("mine")
    with pytest.raises(InputError, match=r"exists already; give another name"):
        take(phantom, template, tmp_path)
    assert (tmp_path / "test-case_labels.nii.gz").read_text() == "mine"
    with pytest.raises(InputError, match=r"is a file; give a folder"):
        take(phantom, template, tmp_path / "test-case_labels.nii.gz")


def test_a_full_disk_leaves_nothing_behind(
    phantom: Path, template: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(case_files, "write_case", full)
    with pytest.raises(InputError, match="No space left on device"):
        take(phantom, template, tmp_path)
    assert list(tmp_path.iterdir()) == []


def copied(taken: Intake, folder: Path) -> Path:
    for path in taken.case.parent.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder / taken.case.name


def test_a_changed_or_missing_file_is_noticed(taken: Intake, tmp_path: Path) -> None:
    path = copied(taken, tmp_path)
    labels = tmp_path / "test-case_labels.nii.gz"
    image = nibabel.load(labels)
    values = np.asarray(image.dataobj)
    values[10, 10, 10] = 1
    nibabel.save(nibabel.Nifti1Image(values, image.affine), labels)
    with pytest.raises(InputError, match=r"was changed since the intake .* run the intake again"):
        anatomy(read(path).site, COARSE)
    labels.unlink()
    with pytest.raises(InputError, match=r"test-case_labels\.nii\.gz is not there"):
        anatomy(read(path).site, COARSE)


def test_a_run_that_needs_more_of_the_scan_is_refused(taken: Intake) -> None:
    site = read(taken.case).site
    long = Settings.model_validate({"voxel": "2 mm", "margin_axial": "40 mm"})
    with pytest.raises(InputError, match=r"along z, .* hold 25\.0 mm; lower margin_axial"):
        anatomy(site, long)
    wide = Settings.model_validate({"voxel": "2 mm", "margin_radial": "40 mm"})
    with pytest.raises(InputError, match=r"along x, .* lower margin_radial"):
        anatomy(site, wide)


def test_a_nail_changed_in_the_case_is_checked_again(taken: Intake) -> None:
    case = read(taken.case).changed({"site": {"fixation": {"nail_diameter": "16 mm"}}})
    with pytest.raises(InputError, match=r"nail \(16 mm\) is wider than the canal \(1\d"):
        anatomy(case.site, COARSE)


def test_an_intact_shaft_is_not_taken_for_a_broken_one(taken: Intake) -> None:
    case = read(taken.case).changed({"site": {"gap": {"virtual": False, "tilt": "0 deg"}}})
    with pytest.raises(InputError, match=r"bone across the gap; .* site\.gap\.virtual = true"):
        anatomy(case.site, COARSE)


def test_a_broken_bone_is_not_taken_for_an_intact_one(
    broken: Path, template: Case, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"two parts of similar size"):
        take(broken, template, tmp_path)


def test_a_real_gap_is_not_called_virtual(broken: Path, template: Case, tmp_path: Path) -> None:
    result = take(broken, template, tmp_path, level=None, gap_width=None, half_length=0.035)
    assert not result.gap.virtual
    assert result.measures is None
    case = read(result.case)
    assert not case.site.gap.virtual
    assert case.site.scan is not None
    assert "virtual" not in case.site.scan.source
    a = anatomy(case.site, COARSE)
    assert not a.virtual
    assert (a.cortex_removed.sum() * a.grid.voxel_volume) == pytest.approx(
        np.pi * (13e-3**2 - 6.5e-3**2) * 8e-3, rel=0.15
    )


def test_no_name_reaches_any_file(phantom: Path, template: Case, tmp_path: Path) -> None:
    secret = tmp_path / "Doe_Jane_19700102"
    secret.mkdir()
    image = nibabel.load(phantom)
    image.header["descrip"] = b"Doe Jane"
    nibabel.save(image, secret / "Doe_Jane.nii.gz")
    out = tmp_path / "out"
    take(secret / "Doe_Jane.nii.gz", template, out)
    for path in out.iterdir():
        data = path.read_bytes()
        text = data if path.suffix == ".toml" else nibabel.load(path).header.binaryblock
        assert b"Doe" not in text
        assert b"1970" not in text
