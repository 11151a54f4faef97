"""A run's folder in trouble: damaged, full, unwritable, held by another process."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trephine.case.run import Run
from trephine.core.errors import InputError, StoreError
from trephine.store.layout import describe
from trephine.store.runs import RunFolder, load

Keep = Callable[[Path], Run]


@pytest.mark.parametrize(
    ("spoil", "kind", "words"),
    [
        (lambda p: (p / "run.json").unlink(), InputError, "holds no run"),
        (lambda p: (p / "run.json").write_text("{"), StoreError, r"run\.json is damaged"),
        (lambda p: (p / "run.json").write_text("[]"), StoreError, r"run\.json is damaged"),
        (lambda p: _edit(p / "run.json", format=9), InputError, r"layout 9.*reads layout 2"),
        (lambda p: _edit(p / "run.json", status="running"), InputError, "has not ended"),
        (lambda p: _edit(p / "products.json", notices=[]), StoreError, r"products\.json is dam"),
        (lambda p: (p / "products.json").unlink(), StoreError, r"products\.json is damaged"),
        (
            lambda p: (p / "fields.zarr/woven/c/2/0/0/0").unlink(),
            StoreError,
            r"course\.fields\.woven is not what was written",
        ),
        (
            lambda p: (p / "fields.zarr/woven/c/2/0/0/0").write_bytes(b"nonsense" * 8),
            StoreError,
            r"fields\.zarr is damaged",
        ),
        (
            lambda p: (p / "arrays.zarr/follow_up.mrust/zarr.json").unlink(),
            StoreError,
            r"arrays\.zarr is damaged",
        ),
    ],
)
def test_load_refuses_what_is_not_a_whole_run(
    tmp_path: Path, keep_run: Keep, spoil: Callable[[Path], object], kind: type, words: str
) -> None:
    keep_run(tmp_path / "run")
    spoil(tmp_path / "run")
    with pytest.raises(kind, match=words):
        load(tmp_path / "run")


def test_load_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        load(tmp_path / "gone")


def test_a_damaged_checkpoint_is_told(
    tmp_path: Path, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    folder = RunFolder.create(tmp_path / "run", **asked)
    with pytest.raises(KeyboardInterrupt):
        story.march(folder.watch(story.grid), stop_after=1)
    point = tmp_path / "run" / "checkpoint.npz"
    point.write_bytes(point.read_bytes()[:-40])
    del folder
    with pytest.raises(StoreError, match=r"checkpoint\.npz is damaged"):
        RunFolder.resume(tmp_path / "run", **asked).watch(story.grid)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, asked: dict[str, Any]) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match=r"cannot write .*not a directory; make room"):
        RunFolder.create(tmp_path / "file" / "run", **asked)


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Let the system refuse to write past a length, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_at_the_start_leaves_nothing_behind(
    tmp_path: Path, keep_run: Keep, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    keep_run(tmp_path / "other")
    before = story.contents(tmp_path)
    for size in (100, 2500):
        with (
            no_file_longer_than(size),
            pytest.raises(StoreError, match=r"cannot write .*too large"),
        ):
            RunFolder.create(tmp_path / "run", **asked)
        assert not (tmp_path / "run").exists()
    assert story.contents(tmp_path) == before


@pytest.mark.parametrize("size", [300, 1100])
def test_a_disk_that_fills_up_on_the_way_costs_nothing_but_the_last_visit(
    tmp_path: Path, keep_run: Keep, asked: dict[str, Any], story: SimpleNamespace, size: int
) -> None:
    whole = keep_run(tmp_path / "whole")
    folder = RunFolder.create(tmp_path / "run", **asked)
    with pytest.raises(KeyboardInterrupt):
        story.march(folder.watch(story.grid), stop_after=1)
    watch = RunFolder.resume(tmp_path / "run", **asked).watch(story.grid)
    with no_file_longer_than(size), pytest.raises(StoreError, match=r"cannot write .*; make room"):
        story.march(watch)
    again = RunFolder.resume(tmp_path / "run", **asked)
    watch = again.watch(story.grid)
    assert len(watch.kept()) == 2
    again.finish(story.make_run(asked["case"], asked["settings"], story.march(watch)), 0.5)
    story.assert_same(load(tmp_path / "run"), whole)


def test_a_disk_that_fills_up_at_the_end_leaves_a_run_to_resume(
    tmp_path: Path, keep_run: Keep, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    whole = keep_run(tmp_path / "whole")
    folder = RunFolder.create(tmp_path / "run", **asked)
    run = story.make_run(asked["case"], asked["settings"], story.march(folder.watch(story.grid)))
    with no_file_longer_than(1100), pytest.raises(StoreError, match="cannot write"):
        folder.finish(run, 0.0)
    assert describe(tmp_path / "run")["status"] == "running"
    again = RunFolder.resume(tmp_path / "run", **asked)
    watch = again.watch(story.grid)
    assert len(watch.kept()) == story.visits
    again.finish(story.make_run(asked["case"], asked["settings"], story.march(watch)), 0.5)
    story.assert_same(load(tmp_path / "run"), whole)


HOLDER = """
import sys, time
from pathlib import Path
from trephine.store.layout import hold
stream = hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_folder_another_process_writes_is_refused(tmp_path: Path, asked: dict[str, Any]) -> None:
    RunFolder.create(tmp_path / "run", **asked)
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "run" / "case.toml")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(InputError, match="being written by another process"):
            RunFolder.resume(tmp_path / "run", **asked)
        other.communicate(b"")
    RunFolder.resume(tmp_path / "run", **asked)


def _edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
