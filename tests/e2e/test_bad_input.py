"""Bad input: one clear message, exit 2, no traceback, and existing runs as they were."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

import trephine
from trephine import pipeline
from trephine.case.settings import Settings
from trephine.case.site import Shaft
from trephine.cli import example
from trephine.cli.main import main
from trephine.core.progress import Watch
from trephine.intake.phantom import write_phantom

EXAMPLE = example.written("femur-nonunion")
TREPHINE = Path(sys.executable).with_name("trephine")


@dataclass(frozen=True)
class Bad:
    """A command line that must be refused.

    ``make`` prepares what is needed in a folder of its own and returns the words after
    ``trephine``; each of ``told`` must be in the message.
    """

    make: Callable[[Path], list[str]]
    told: tuple[str, ...]
    problems: int = field(default=1)


class StopBeforeHealing(Watch):
    """Interrupt a run once its folder is there, before anything slow."""

    def progress(self, stage: str, done: float, total: float, note: str = "") -> None:
        del done, total, note
        if stage == "dose":
            raise KeyboardInterrupt


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a run that was interrupted and copies of it of other sorts."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "case.toml").write_text(EXAMPLE, encoding="utf-8")
    case = trephine.read(folder / "case.toml")
    with pytest.raises(KeyboardInterrupt):
        pipeline.run(
            case,
            settings=Settings.preset("draft"),
            out=folder / "interrupted",
            watch=StopBeforeHealing(),
        )
    for name, changes in {
        "finished": {"status": "finished"},
        "other-layout": {"format": 7},
        "without-parts": {"seed": None},
    }.items():
        shutil.copytree(folder / "interrupted", folder / name)
        path = folder / name / "run.json"
        document = json.loads(path.read_text()) | changes
        path.write_text(json.dumps({k: v for k, v in document.items() if v is not None}))
    (folder / "torn").mkdir()
    (folder / "torn" / "run.json").write_text('{"format": 1, "stat')
    (folder / "notes").mkdir()
    (folder / "notes" / "notes.txt").write_text("not a run")
    return folder


@pytest.fixture(scope="session")
def scans_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a phantom as NIfTI and as DICOM."""
    folder = tmp_path_factory.mktemp("scans")
    shaft = Shaft.model_validate({"outer_diameter": "24 mm", "canal_diameter": "12 mm"})
    for kind in ("nifti", "dicom"):
        write_phantom(folder, shaft=shaft, kind=kind, length=0.16, spacing=(2e-3, 2e-3, 3e-3))
        (folder / "truth.json").unlink()
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def case_with(*changes: tuple[str, str]) -> Callable[[Path], list[str]]:
    """Return a maker of the example with texts replaced, each found exactly once or first."""

    def make(here: Path) -> list[str]:
        text = EXAMPLE
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        (here / "bad.toml").write_text(text, encoding="utf-8")
        return ["run", str(here / "bad.toml"), "--out", str(here / "new")]

    return make


def raw_case(content: bytes) -> Callable[[Path], list[str]]:
    def make(here: Path) -> list[str]:
        (here / "bad.toml").write_bytes(content)
        return ["run", str(here / "bad.toml"), "--out", str(here / "new")]

    return make


def good_case(*options: str, out: str = "new") -> Callable[[Path], list[str]]:
    """Return a maker of the good example with options after it."""

    def make(here: Path) -> list[str]:
        (here / "good.toml").write_text(EXAMPLE, encoding="utf-8")
        return ["run", str(here / "good.toml"), "--out", str(here / out), *options]

    return make


def words(*given: str) -> Callable[[Path], list[str]]:
    return lambda here: [word.replace("HERE", str(here)) for word in given]


SHAFT = EXAMPLE[EXAMPLE.index("[site.shaft]") : EXAMPLE.index("[site.gap]")]
SCAN = '[site.scan]\ndensity = "d"\nlabels = "l"\ncontents = "c"\nsource = "s"\n'

FILES = {
    "missing unit": Bad(
        case_with(('width = "4 mm"', "width = 4")),
        ("bad.toml is not a valid case", "site.gap.width: write the unit, for example '4 mm'"),
    ),
    "wrong dimension": Bad(
        case_with(('width = "4 mm"', 'width = "3 kg"')),
        ("site.gap.width: '3 kg' is not a length", "'4 mm'"),
    ),
    "not a quantity": Bad(
        case_with(('width = "4 mm"', 'width = "four"')), ("site.gap.width: 'four' is not a length",)
    ),
    "unknown key": Bad(
        case_with(("nail_diameter =", "nail_diametre =")),
        ("site.fixation.nail_diametre: unknown key; did you mean 'nail_diameter'?",),
        problems=1,
    ),
    "unknown table": Bad(
        case_with(("[site.biology]", "[site.biologie]")),
        ("site.biologie: unknown key; did you mean 'biology'?",),
    ),
    "missing table": Bad(
        case_with(('[patient]\nage = "47 year"', "[patient]\n")), ("patient.age: is missing",)
    ),
    "negative gap": Bad(
        case_with(('width = "4 mm"', 'width = "-4 mm"')),
        ("site.gap.width: must be more than 0 mm",),
    ),
    "gap of nothing": Bad(
        case_with(('width = "4 mm"', 'width = "nan mm"')), ("site.gap.width: 'nan mm' is not",)
    ),
    "not a number": Bad(
        case_with(("body_weights = 0.25", "body_weights = nan")),
        ("plan.steps.0.body_weights: must be a finite number",),
    ),
    "infinite": Bad(
        case_with(("ovality = 1.08", "ovality = inf")),
        ("site.shaft.ovality: must be a finite number",),
    ),
    "share above one": Bad(
        case_with(("perfusion = 0.1", "perfusion = 1.5")),
        ("site.biology.perfusion: must be at most 1",),
    ),
    "nail wider than the canal": Bad(
        case_with(('nail_diameter = "11 mm"', 'nail_diameter = "15 mm"')),
        ("site: the nail (15 mm) is wider than the canal (14 mm); give a thinner nail_diameter",),
    ),
    "canal as wide as the bone": Bad(
        case_with(('canal_diameter = "14 mm"', 'canal_diameter = "29 mm"')),
        ("site.shaft: canal_diameter must be less than outer_diameter",),
    ),
    "nail without diameter": Bad(
        case_with(('nail_diameter = "11 mm"', "")),
        ("site.fixation: a nail needs nail_diameter, for example nail_diameter = '11 mm'",),
    ),
    "plate with a nail's diameter": Bad(
        case_with(('kind = "nail"', 'kind = "plate"')),
        ("site.fixation: nail_diameter does not belong to a plate",),
    ),
    "cast of unknown stiffness": Bad(
        case_with(('kind = "nail"\nnail_diameter = "11 mm"', 'kind = "cast"')),
        ("site.fixation: no stiffness of a cast is published; give axial_stiffness",),
    ),
    "unknown bone": Bad(
        case_with(('bone = "femur"', 'bone = "fibula"')),
        ("site.bone: 'fibula' is not accepted; write 'femur', 'tibia' or 'humerus'",),
    ),
    "shaft and scan": Bad(
        case_with(("[site.gap]", f"{SCAN}\n[site.gap]")),
        ("site: give exactly one of [site.shaft] and [site.scan]",),
    ),
    "neither shaft nor scan": Bad(
        case_with((SHAFT, "")),
        ("site: give exactly one of [site.shaft] and [site.scan]",),
    ),
    "unknown kind of step": Bad(
        case_with(('kind = "injection"', 'kind = "injektion"')),
        ("plan.steps.3.kind: 'injektion' is unknown; did you mean 'injection'?",),
    ),
    "unknown method": Bad(
        case_with(('method = "concentrate"', 'method = "concentrated"')),
        ("plan.steps.3.process.method: 'concentrated' is unknown; did you mean 'concentrate'?",),
    ),
    "unknown device": Bad(
        case_with(('device = "buffy_coat"', 'device = "buffy_cote"')),
        ("plan.steps.3.process.device: 'buffy_cote'", "did you mean 'buffy_coat'?"),
    ),
    "unknown place of harvest": Bad(
        case_with(('bone = "posterior_iliac_crest"', 'bone = "posterior_crest"')),
        ("plan.steps.3.harvest.bone: 'posterior_crest'", "did you mean 'posterior_iliac_crest'?"),
    ),
    "product above the pool": Bad(
        case_with(('product_volume = "10 mL"', 'product_volume = "90 mL"')),
        ("plan.steps.3: process.product_volume (90 mL) is more than was drawn (68 mL)",),
    ),
    "injection above the product": Bad(
        case_with(
            ('[plan.steps.deliver]\nvolume = "10 mL"', '[plan.steps.deliver]\nvolume = "11 mL"')
        ),
        ("plan.steps.3: deliver.volume (11 mL) is more than the product (10 mL)",),
    ),
    "draw above the syringe": Bad(
        case_with(('draws = ["12 x 5 mL"]', 'draws = ["5 mL", "12 mL"]')),
        ("plan.steps.3.harvest: draw 1 of 12 mL does not fit a syringe of 10 mL",),
    ),
    "draws that cannot be read": Bad(
        case_with(('draws = ["12 x 5 mL"]', 'draws = ["12 times 5 mL"]')),
        ("plan.steps.3.harvest.draws.0:", "4 mL"),
    ),
    "carrier without volume": Bad(
        case_with(('carrier_volume = "3 mL"\n', "")),
        ("plan.steps.4.deliver: demineralised bone needs carrier_volume, for example '5 mL'",),
    ),
    "day after the last visit": Bad(
        case_with(('day = "84 d"', 'day = "30 wk"')),
        ("plan: steps.2 is on day 210, after the last visit on day 182",),
    ),
    "visits that do not fit": Bad(
        case_with(('interval = "1 wk"', 'interval = "4 wk"')),
        ("plan.follow_up: duration must be a whole number of intervals, at least one",),
    ),
    "another layout of the case": Bad(
        case_with(("format = 1", "format = 2")), ("format: 2 is not accepted; write 1",)
    ),
    "not TOML": Bad(
        case_with(('name = "Femoral', "name = Femoral")), ("bad.toml is not valid TOML", "line 2")
    ),
    "not UTF-8": Bad(raw_case(b'name = "\xff\xfe"\n'), ("bad.toml", "UTF-8")),
    "empty file": Bad(
        raw_case(b""),
        ("bad.toml is not a valid case", "name: is missing", "patient: is missing"),
        problems=3,
    ),
    "several at once": Bad(
        case_with(
            ('width = "4 mm"', "width = 4"),
            ("sex =", "sexx ="),
            ('mass = "80 kg"', 'mass = "80 m"'),
        ),
        ("patient.sexx: unknown key; did you mean 'sex'?", "site.gap.width:", "patient.mass:"),
        problems=4,
    ),
    "no such file": Bad(
        words("run", "HERE/gone.toml", "--out", "HERE/new"), ("gone.toml: there is no such file",)
    ),
    "a folder for a case": Bad(words("run", "HERE", "--out", "HERE/new"), ("is a folder",)),
}
OPTIONS = {
    "seed that is no number": Bad(good_case("--seed", "lucky"), ("'--seed'", "integer")),
    "negative seed": Bad(good_case("--seed", "-1"), ("'--seed'", "greater than or equal to 0")),
    "unknown quality": Bad(
        good_case("--quality", "superb"),
        ("'--quality'", "'superb' is not one of 'draft', 'standard', 'fine'"),
    ),
    "voxel without unit": Bad(
        good_case("--voxel", "2"), ("--voxel", "voxel: write the unit, for example '4 mm'")
    ),
    "no worker": Bad(good_case("--workers", "0"), ("'--workers'", "greater than or equal to 1")),
    "set without a value": Bad(
        good_case("--set", "site.gap.width"), ("--set site.gap.width: write place=value",)
    ),
    "set of an unknown key": Bad(
        good_case("--set", "site.gap.widht=2 mm"),
        ("good.toml as changed by --set", "site.gap.widht: unknown key; did you mean 'width'?"),
    ),
    "set without unit": Bad(
        good_case("--set", "site.gap.width=2"), ("site.gap.width: write the unit",)
    ),
    "set beyond a list": Bad(
        good_case("--set", "plan.steps.9.day=3 d"),
        ("--set plan.steps.9.day: '9' is not an entry of the list; known: 0 to 4",),
    ),
    "set below a value": Bad(
        good_case("--set", "site.side.left=1"), ("--set site.side.left: ", "'left'")
    ),
    "unknown option": Bad(good_case("--sead", "1"), ("no such option", "--seed")),
    "unknown command": Bad(words("runn"), ("no such command 'runn'", "run")),
    "nothing to run": Bad(words("run"), ("missing argument 'CASE.toml'", "trephine run --help")),
    "unknown example": Bad(
        words("example", "femur-nonunoin"), ("femur-nonunoin", "did you mean 'femur-nonunion'?")
    ),
    "example over a file": Bad(
        words("example", "femur-nonunion", "--out", "HERE"), ("exists; choose another --out",)
    ),
}
RUNS = {
    "run over an interrupted run": (
        ["--out", "RUNS/interrupted"],
        ("has not ended; continue it with --resume, or choose another --out",),
    ),
    "run over a finished run": (
        ["--out", "RUNS/finished"],
        ("holds a finished run already", "trephine show", "another --out"),
    ),
    "run into other files": (
        ["--out", "RUNS/notes"],
        ("is not empty and holds no run; choose another --out",),
    ),
    "run into a file": (["--out", "RUNS/case.toml"], ("is a file; choose a folder for --out",)),
    "run below a file": (["--out", "RUNS/case.toml/run"], ("cannot write", "not a directory")),
    "resume of nothing": (["--out", "RUNS/gone", "--resume"], ("there is no such folder",)),
    "resume of another layout": (
        ["--out", "RUNS/other-layout", "--resume"],
        ("layout 7", "reads layout 1"),
    ),
    "resume of a torn run": (["--out", "RUNS/torn", "--resume"], ("run.json is damaged",)),
    "resume with another seed": (
        ["--out", "RUNS/interrupted", "--resume", "--seed", "4"],
        ("cannot resume", "seed: the run has 0, this attempt has 4"),
    ),
    "resume of another case": (
        ["--out", "RUNS/interrupted", "--resume", "--set", "site.gap.width=2 mm"],
        ("case.site.gap.width: the run has '4 mm', this attempt has '2 mm'",),
    ),
    "resume at another quality": (
        ["--out", "RUNS/interrupted", "--resume", "--voxel", "3 mm"],
        ("settings.voxel: the run has '1.5 mm', this attempt has '3 mm'",),
    ),
}
LOOKS = {
    "show of nothing": (["show", "RUNS/gone"], ("gone: there is no such folder",)),
    "show of other files": (["show", "RUNS/notes"], ("holds no run",)),
    "show of another layout": (["show", "RUNS/other-layout"], ("layout 7", "reads layout 1")),
    "show of half a run": (["show", "RUNS/without-parts"], ("run.json is damaged", "seed")),
    "report of an interrupted run": (
        ["report", "RUNS/interrupted"],
        ("has not ended; continue it with 'trephine run' and --resume",),
    ),
    "report of a run without its parts": (["report", "RUNS/finished"], ("is damaged",)),
}


def refused(arguments: list[str], told: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command line in this process and return the one message it must end with."""
    status = main(arguments)
    seen = capsys.readouterr()
    assert status == 2, seen.err
    assert seen.out == ""
    assert_one_message(seen.err, told)
    return seen.err


def assert_one_message(message: str, told: tuple[str, ...]) -> None:
    assert message.startswith("error: "), message
    assert message.count("error:") == 1, message
    assert "Traceback" not in message
    plain = " ".join(message.split())
    for words_told in told:
        assert " ".join(words_told.split()) in plain, message


@pytest.mark.parametrize("bad", [*FILES.values(), *OPTIONS.values()], ids=[*FILES, *OPTIONS])
def test_a_bad_case_or_option_is_refused(
    bad: Bad, tmp_path: Path, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(runs)
    arguments = bad.make(tmp_path)
    mine = contents(tmp_path)
    message = refused(arguments, bad.told, capsys)
    if bad in FILES.values():
        listed = [line for line in message.splitlines() if line.startswith("  ")]
        assert len(listed) in {0, bad.problems}, message
    assert contents(runs) == before
    assert contents(tmp_path) == mine
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("options", "told"), RUNS.values(), ids=RUNS)
def test_a_folder_that_cannot_be_used_is_refused_and_left_alone(
    options: list[str], told: tuple[str, ...], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(runs)
    given = [option.replace("RUNS", str(runs)) for option in ["--quiet", *options]]
    refused(["run", str(runs / "case.toml"), *given], told, capsys)
    assert contents(runs) == before


@pytest.mark.parametrize(("arguments", "told"), LOOKS.values(), ids=LOOKS)
def test_what_is_no_finished_run_cannot_be_looked_at(
    arguments: list[str], told: tuple[str, ...], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(runs)
    refused([word.replace("RUNS", str(runs)) for word in arguments], told, capsys)
    assert contents(runs) == before


def intake_of(scan: Path, here: Path, *options: str) -> list[str]:
    return [
        "intake", str(scan), "--bone", "femur", "--side", "left", "--gap", "4 mm",
        "--level", "0.5", "--nail", "9 mm", "--out", str(here / "cases"), *options,
    ]  # fmt: skip


def truncated(source: Path, here: Path) -> Path:
    content = (source / "ct.nii.gz").read_bytes()
    (here / "ct.nii.gz").write_bytes(content[: len(content) // 2])
    return here / "ct.nii.gz"


def sheared(source: Path, here: Path) -> Path:
    image = nibabel.load(source / "ct.nii.gz")
    affine = image.affine.copy()
    affine[0, 2] = 0.4
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), affine), here / "ct.nii.gz")
    return here / "ct.nii.gz"


def gapped(source: Path, here: Path) -> Path:
    shutil.copytree(source / "dicom", here / "dicom")
    slices = sorted((here / "dicom").iterdir())
    slices[len(slices) // 2].unlink()
    return here / "dicom"


def two_series(source: Path, here: Path) -> Path:
    shutil.copytree(source / "dicom", here / "dicom")
    for path in sorted((here / "dicom").iterdir())[::2]:
        item = pydicom.dcmread(path)
        item.SeriesInstanceUID = "1.2.3.4"
        item.save_as(path)
    return here / "dicom"


def not_rescaled(source: Path, here: Path) -> Path:
    image = nibabel.load(source / "ct.nii.gz")
    values = np.asarray(image.dataobj) + 1024
    nibabel.save(nibabel.Nifti1Image(values.astype(np.int16), image.affine), here / "ct.nii.gz")
    return here / "ct.nii.gz"


def of_another_kind(source: Path, here: Path) -> Path:
    del source
    (here / "ct.nii").write_text("this is no scan")
    return here / "ct.nii"


def empty_folder(source: Path, here: Path) -> Path:
    del source
    (here / "dicom").mkdir()
    return here / "dicom"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (truncated, ("ct.nii.gz",)),
        (sheared, ("shear",)),
        (gapped, ("slice",)),
        (two_series, ("series",)),
        (not_rescaled, ("no air near -1000 is in view", "rescale")),
        (of_another_kind, ("ct.nii",)),
        (empty_folder, ("dicom",)),
        (lambda source, here: here / "gone.nii", ("gone.nii: there is no such file",)),  # noqa: ARG005
    ],
    ids=[
        "truncated",
        "sheared",
        "gapped",
        "two series",
        "not rescaled",
        "no scan",
        "empty",
        "gone",
    ],
)
def test_a_bad_scan_is_refused(
    spoil: Callable[[Path, Path], Path],
    told: tuple[str, ...],
    scans_made: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refused(intake_of(spoil(scans_made, tmp_path), tmp_path), told, capsys)
    assert not (tmp_path / "cases").exists()


def test_a_scan_that_was_changed_after_intake_is_refused(
    scans_made: Path, tmp_path: Path, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(intake_of(scans_made / "ct.nii.gz", tmp_path)) == 0
    capsys.readouterr()
    before = contents(runs)
    (case,) = (tmp_path / "cases").glob("*.toml")
    (density,) = (tmp_path / "cases").glob("*density*")
    image = nibabel.load(density)
    values = np.asarray(image.dataobj).copy()
    values[0, 0, 0] += 1
    nibabel.save(nibabel.Nifti1Image(values, image.affine), density)
    told = ("density", "changed")
    refused(["run", str(case), "--quiet", "--out", str(tmp_path / "new")], told, capsys)
    density.unlink()
    refused(["run", str(case), "--quiet", "--out", str(tmp_path / "new")], ("density",), capsys)
    assert contents(runs) == before
    assert not (tmp_path / "new").exists()


def command(*arguments: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``trephine`` in a process of its own, which may be kept from writing long files."""

    def keep_files_short() -> None:
        import resource  # noqa: PLC0415

        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [TREPHINE, *arguments],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=keep_files_short,
        env=os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"},
    )


@pytest.mark.parametrize("limit", [1000, 2500])
def test_a_full_disk_is_told_and_costs_no_run(tmp_path: Path, runs: Path, limit: int) -> None:
    before = contents(runs)
    done = command(
        "run", str(runs / "case.toml"), "--out", str(tmp_path / "new"), "--voxel", "6 mm",
        limit=limit,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    message = done.stderr[done.stderr.index("error:") :]
    assert_one_message(message, ("cannot write", "make room there or choose another --out"))
    assert "Traceback" not in done.stderr
    assert contents(runs) == before


def test_a_bad_case_is_refused_by_the_real_command(tmp_path: Path, runs: Path) -> None:
    before = contents(runs)
    bad = FILES["nail wider than the canal"]
    done = command(*bad.make(tmp_path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert_one_message(done.stderr, bad.told)
    assert contents(runs) == before
