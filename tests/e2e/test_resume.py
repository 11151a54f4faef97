"""A run that was interrupted and killed ends with the same bits, on any number of cores."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trephine.case.run import Run
from trephine.cli.main import main
from trephine.store import codec
from trephine.store.checkpoint import read as checkpoint
from trephine.store.layout import describe
from trephine.store.runs import load, parts_of

TREPHINE = Path(sys.executable).with_name("trephine")
SHORT = (
    "--voxel",
    "3 mm",
    "--set",
    "plan.follow_up.duration=12 wk",
    "--set",
    "plan.steps.2.day=80 d",
)
PATIENCE = 300.0
"""Longest wait for a run to reach a visit [s]."""


def started(folder: Path, words: list[str], cache: Path) -> subprocess.Popen[str]:
    # Compiled programs are not shared between the runs, so that each compiles for its own cores.
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(cache)}
    # A process that was started with interrupts ignored would hand that on.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [TREPHINE, *words],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def wait_for_visits(process: subprocess.Popen[str], run: Path, count: int) -> None:
    """Return as soon as a run has kept so many visits and is still at work."""
    began = time.monotonic()
    while visits(run) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.01)


def visits(run: Path) -> int:
    kept = checkpoint(run / "checkpoint.npz")
    return 0 if kept is None else kept[0]


def assert_same(one: Run, other: Run) -> None:
    ones, others = plain(one), plain(other)
    assert ones[0] == others[0]
    assert sorted(ones[1]) == sorted(others[1])
    assert len(ones[1]) > 40
    for name, values in ones[1].items():
        assert values.dtype == others[1][name].dtype, name
        assert values.tobytes() == others[1][name].tobytes(), name


def plain(run: Run) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    return {name: codec.encode(getattr(run, name), name, arrays) for name in parts_of(Run)}, arrays


def one_bit_off(run: Run) -> Run:
    stiffness = run.course.stiffness.copy()
    stiffness[-1] = np.nextafter(stiffness[-1], 0.0)
    return replace(run, course=replace(run.course, stiffness=stiffness))


def test_a_killed_run_ends_like_an_unbroken_one_on_other_cores(tmp_path: Path) -> None:
    assert main(["example", "femur-nonunion", "--out", str(tmp_path / "case.toml")]) == 0
    whole = started(
        tmp_path, ["run", "case.toml", "--out", "whole", *SHORT, "--workers", "1"], tmp_path / "a"
    )
    cache = tmp_path / "b"
    broken = tmp_path / "broken"

    # Ctrl-C: the command says how to go on.
    process = started(
        tmp_path, ["run", "case.toml", "--out", "broken", *SHORT, "--workers", "2"], cache
    )
    wait_for_visits(process, broken, 3)
    process.send_signal(signal.SIGINT)
    status, out, err = finished(process)
    assert status == 130, err
    assert out == ""
    assert "Traceback" not in err
    last = err.strip().splitlines()[-1]
    assert last.startswith("interrupted; go on with: trephine run case.toml --out broken ")
    again = shlex.split(last.partition("go on with: ")[2])[1:]
    assert again[-1] == "--resume"
    after_interrupt = visits(broken)
    assert 3 <= after_interrupt < 13

    # kill -9: nothing is said.
    process = started(tmp_path, again, cache)
    wait_for_visits(process, broken, after_interrupt + 2)
    process.send_signal(signal.SIGKILL)
    status, out, _ = finished(process)
    assert status == -signal.SIGKILL
    assert describe(broken)["status"] == "running"
    after_kill = visits(broken)
    assert after_interrupt + 2 <= after_kill < 13

    status, out, err = finished(started(tmp_path, again, cache))
    assert status == 0, err
    assert "report:" in out
    assert finished(whole)[0] == 0
    assert_same(load(tmp_path / "whole"), load(broken))
    with pytest.raises(AssertionError, match=r"course\.stiffness"):
        assert_same(one_bit_off(load(tmp_path / "whole")), load(broken))
    digests = [describe(tmp_path / name)["digests"] for name in ("whole", "broken")]
    assert digests[0] == digests[1]

    # A finished run is shown again, not computed again.
    began = (broken / "run.json").read_bytes()
    status, out, err = finished(started(tmp_path, again, cache))
    assert status == 0, err
    assert "Healing" not in err
    assert (broken / "run.json").read_bytes() == began
