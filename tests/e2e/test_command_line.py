"""A person gets a result on the command line, from a case file or from a scan."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import xarray

import trephine
from trephine.store.runs import load

TREPHINE = Path(sys.executable).with_name("trephine")
SHORT = (
    "--voxel", "4 mm", "--set", "plan.follow_up.duration=2 wk",
    "--set", "plan.steps.4=", "--set", "plan.steps.2=", "--set", "plan.steps.1=",
)  # fmt: skip
"""Options that leave of the example one injection, two weeks and few voxels."""


def command(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TREPHINE, *words],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("here")


@pytest.fixture(scope="module")
def done(here: Path) -> subprocess.CompletedProcess[str]:
    """The run that the other tests look at, in ``runs/femur-nonunion``."""
    written = command(here, "example", "femur-nonunion", "--out", "femur-nonunion.toml")
    assert written.returncode == 0, written.stderr
    return command(here, "run", "femur-nonunion.toml", *SHORT)


def test_help_comes_at_once(here: Path) -> None:
    # Seconds of a processor, not of a clock: other tests run beside this one.
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert command(here, "--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 1.0


def test_a_run_gives_a_result_and_a_report(
    here: Path, done: subprocess.CompletedProcess[str]
) -> None:
    assert done.returncode == 0, done.stderr
    assert "Not united" in done.stdout
    assert "report: runs/femur-nonunion/report.html" in done.stdout
    assert "Healing 100%" in done.stderr
    assert " s left" in done.stderr
    assert "Traceback" not in done.stderr
    folder = here / "runs" / "femur-nonunion"
    names = {path.name for path in folder.iterdir()}
    assert {"run.json", "case.toml", "fields.zarr", "products.json", "report.html"} <= names
    assert len(list((folder / "radiographs").glob("*.png"))) == 6
    run = load(folder)
    assert run.case == trephine.read(folder / "case.toml")
    assert run.case.plan.follow_up.visits == 2
    assert run.summary()["largest_imbalance"] < 1e-5
    with xarray.open_zarr(folder / "fields.zarr") as fields:
        assert dict(fields.sizes)["time"] == 3
        assert float(fields["progenitor_injected"].isel(time=0).max()) > 0


def test_the_same_words_a_second_time_are_refused(
    here: Path, done: subprocess.CompletedProcess[str]
) -> None:
    assert done.returncode == 0, done.stderr
    again = command(here, "run", "femur-nonunion.toml", *SHORT)
    assert again.returncode == 2
    assert again.stderr.startswith("error: runs/femur-nonunion holds a finished run already")


def test_a_finished_run_is_shown_and_reported_again(
    here: Path, done: subprocess.CompletedProcess[str]
) -> None:
    assert done.returncode == 0, done.stderr
    page = here / "runs" / "femur-nonunion" / "report.html"
    before = page.read_bytes()
    page.unlink()
    again = command(here, "report", "runs/femur-nonunion")
    assert again.returncode == 0, again.stderr
    assert again.stdout.strip() == "runs/femur-nonunion/report.html"
    assert page.read_bytes() == before
    shown = command(here, "show", "runs/femur-nonunion", "--json")
    assert json.loads(shown.stdout)["summary"]["ending"] == "NOT_UNITED"
    asked = ("show", "runs/femur-nonunion", "--budgets")
    tables = command(here, *asked, NO_COLOR="1", FORCE_COLOR="1").stdout
    assert "Imbalance" in tables
    assert "Cortices bridged" in tables
    assert "\x1b[3" not in tables


def test_results_go_to_stdout_and_nothing_else_does(
    here: Path, done: subprocess.CompletedProcess[str]
) -> None:
    assert done.returncode == 0, done.stderr
    words = ["run", "femur-nonunion.toml", *SHORT, "--resume", "--json", "--quiet"]
    again = command(here, *words)
    assert again.returncode == 0, again.stderr
    assert again.stderr == ""
    assert json.loads(again.stdout)["folder"] == "runs/femur-nonunion"


def test_a_dry_run_writes_nothing(here: Path, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    dry = command(here, "run", "femur-nonunion.toml", "--out", "dry", "--dry-run", "--json")
    assert dry.returncode == 0, dry.stderr
    plan = json.loads(dry.stdout)
    assert (plan["voxel"], plan["visits"], plan["injections"]) == ("1.5 mm", 26, 2)
    assert not (here / "dry").exists()


def test_a_phantom_becomes_a_case_that_can_be_run(tmp_path: Path) -> None:
    made = command(
        tmp_path, "phantom", "--out", "leg", "--kind", "dicom", "--outer-diameter", "26 mm",
        "--canal-diameter", "12 mm", "--length", "160 mm", "--spacing", "2 mm, 2 mm, 2 mm",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stdout.split() == ["leg/dicom", "leg/truth.json"]
    assert "trephine intake leg/dicom --bone femur --side left --gap" in made.stderr
    truth = json.loads((tmp_path / "leg" / "truth.json").read_text())
    found = command(
        tmp_path, "intake", "leg/dicom", "--bone", "femur", "--side", "left", "--gap", "4 mm",
        "--level", str(truth["level"]), "--nail", "10 mm", "--json",
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    seen = json.loads(found.stdout)
    assert seen["outer_diameter"] == pytest.approx(26e-3, abs=2e-3)
    assert seen["canal_diameter"] == pytest.approx(12e-3, abs=2e-3)
    (case,) = (tmp_path / "cases").glob("*.toml")
    assert case.name == "femur-left.toml"
    assert trephine.read(case).site.gap.virtual
    assert trephine.read(case).name == "Left femur from CT (virtual gap)"
    lent = "nail's diameter and biology are those of the example femur-nonunion"
    assert lent in trephine.read(case).about
    assert lent in found.stderr
    assert found.stderr.endswith("run it with: trephine run cases/femur-left.toml\n")
    dry = command(tmp_path, "run", str(case), "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "Nothing was computed or written" in dry.stdout


def test_a_reader_who_leaves_early_sees_no_traceback(here: Path) -> None:
    shell = shutil.which("bash")
    assert shell is not None
    line = f"set -o pipefail; '{TREPHINE}' schema | head -c 20"
    seen = subprocess.run(
        [shell, "-c", line], capture_output=True, text=True, check=False, cwd=here
    )
    assert len(seen.stdout) == 20
    assert "Traceback" not in seen.stderr
    assert "Exception" not in seen.stderr
