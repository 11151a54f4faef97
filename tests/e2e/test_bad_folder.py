"""Folders that cannot be used, and a disk that is full: refused, and every run left alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TREPHINE = Path(sys.executable).with_name("trephine")
Refused = Callable[[list[str], tuple[str, ...]], str]

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
        ("layout 7", "reads layout 2"),
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
    "show of another layout": (["show", "RUNS/other-layout"], ("layout 7", "reads layout 2")),
    "show of half a run": (["show", "RUNS/without-parts"], ("run.json is damaged", "seed")),
    "report of an interrupted run": (
        ["report", "RUNS/interrupted"],
        ("has not ended; continue it with 'trephine run' and --resume",),
    ),
    "report of a run without its parts": (["report", "RUNS/finished"], ("is damaged",)),
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("options", "told"), RUNS.values(), ids=RUNS)
def test_a_folder_that_cannot_be_used_is_refused_and_left_alone(
    options: list[str], told: tuple[str, ...], runs: Path, refused: Refused
) -> None:
    given = [option.replace("RUNS", str(runs)) for option in ["--quiet", *options]]
    refused(["run", str(runs / "case.toml"), *given], told)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("arguments", "told"), LOOKS.values(), ids=LOOKS)
def test_what_is_no_finished_run_cannot_be_looked_at(
    arguments: list[str], told: tuple[str, ...], runs: Path, refused: Refused
) -> None:
    refused([word.replace("RUNS", str(runs)) for word in arguments], told)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("limit", [1000, 2500])
def test_a_full_disk_is_told_and_costs_no_run(
    tmp_path: Path,
    runs: Path,
    limit: int,
    one_message: Callable[[str, tuple[str, ...]], None],
) -> None:
    # The system refuses to write on, as a full disk does. The limit is set in a program of its
    # own, since a fork of a test process that has computed before is not safe.
    keep_files_short = (
        "import os, resource, sys; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    asked = [TREPHINE, "run", runs / "case.toml", "--out", tmp_path / "new", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", keep_files_short, *asked],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    one_message(done.stderr, ("cannot write", "make room there or choose another --out"))
    assert not (tmp_path / "new").exists()
