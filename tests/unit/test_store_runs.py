"""A run's folder: written, killed, resumed, finished, loaded, refused."""

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

import numpy as np
import pytest
import xarray

from trephine.case.case import Case, read
from trephine.case.run import Run
from trephine.case.settings import Settings
from trephine.core.errors import InputError, StoreError
from trephine.core.progress import Watch
from trephine.store import codec
from trephine.store.layout import describe
from trephine.store.runs import PARTS, RunFolder, load

Keep = Callable[[Path], Run]


def arrays_of(run: Run) -> dict[str, np.ndarray[Any, Any]]:
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for name in PARTS:
        codec.encode(getattr(run, name), name, arrays)
    return arrays


def assert_same(one: Run, other: Run) -> None:
    ones, others = arrays_of(one), arrays_of(other)
    assert sorted(ones) == sorted(others)
    assert len(ones) > 20
    for name, values in ones.items():
        assert values.dtype == others[name].dtype, name
        assert values.tobytes() == others[name].tobytes(), name
    for name in PARTS:
        assert codec.encode(getattr(one, name), name, {}) == codec.encode(
            getattr(other, name), name, {}
        )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def asked(example_case: Case, draft: Settings, story: SimpleNamespace) -> dict[str, Any]:
    made = story.made_by(example_case, draft)
    return {"case": example_case, "settings": draft, "seed": 0, "provenance": made}


def test_a_run_comes_back_bit_for_bit(tmp_path: Path, keep_run: Keep) -> None:
    run = keep_run(tmp_path / "run")
    back = load(tmp_path / "run")
    assert_same(run, back)
    assert back.case == run.case
    assert back.settings == run.settings
    assert back.provenance == run.provenance
    assert back.follow_up.ending is run.follow_up.ending
    assert back.summary() == run.summary()
    with pytest.raises(ValueError, match="read-only"):
        back.course.fields["woven"][0] = 0


def test_the_folder_holds_what_it_promises(tmp_path: Path, keep_run: Keep) -> None:
    run = keep_run(tmp_path / "run")
    document = json.loads((tmp_path / "run" / "run.json").read_text())
    assert document["format"] == 1
    assert document["status"] == "finished"
    assert document["summary"] == run.summary()
    assert document["provenance"]["catalogue_digest"] == "c" * 16
    assert document["provisional"] == ["harvest.progenitor_density"]
    assert document["wall_seconds"] == 1.25
    assert len(document["digests"]) == len(arrays_of(run))
    assert read(tmp_path / "run" / "case.toml") == run.case
    assert not (tmp_path / "run" / "checkpoint.npz").exists()
    assert not list((tmp_path / "run").rglob("*.part*"))


def test_xarray_opens_the_fields_as_they_are_in_memory(tmp_path: Path, keep_run: Keep) -> None:
    run = keep_run(tmp_path / "run")
    expected = run.to_xarray()
    with xarray.open_zarr(tmp_path / "run" / "fields.zarr") as opened:
        assert opened["woven"].dims == ("time", "x", "y", "z")
        assert opened["woven"].dtype == np.float32
        assert opened["perfusion"].attrs["units"] == "1"
        assert opened["time"].attrs["units"] == "d"
        assert opened["x"].attrs["units"] == "mm"
        assert opened.attrs["frame"] == "LPS"
        for name in {*expected.data_vars, *expected.coords}:
            np.testing.assert_array_equal(opened[name].values, expected[name].values)
        assert opened["woven"].encoding["chunks"] == (1, 4, 5, 6)


@pytest.mark.parametrize("visit", [0, 2, 4])
def test_an_interrupted_run_resumes_to_the_same_bits(
    tmp_path: Path, keep_run: Keep, asked: dict[str, Any], story: SimpleNamespace, visit: int
) -> None:
    whole = keep_run(tmp_path / "whole")
    folder = RunFolder.create(tmp_path / "broken", **asked)
    with pytest.raises(KeyboardInterrupt):
        story.march(folder.watch(story.grid), stop_after=visit)
    del folder
    again = RunFolder.resume(tmp_path / "broken", **asked)
    assert not again.is_finished
    watch = again.watch(story.grid)
    assert len(watch.kept()) == visit + 1
    again.finish(story.make_run(asked["case"], asked["settings"], story.march(watch)), 0.5)
    assert again.is_finished
    assert_same(load(tmp_path / "broken"), whole)
    assert RunFolder.resume(tmp_path / "broken", **asked).is_finished


def test_what_was_written_after_the_last_checkpoint_is_cut(
    tmp_path: Path, keep_run: Keep, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    whole = keep_run(tmp_path / "whole")
    path = tmp_path / "broken"
    folder = RunFolder.create(path, **asked)
    with pytest.raises(KeyboardInterrupt):
        story.march(folder.watch(story.grid), stop_after=1)
    saved = (path / "checkpoint.npz").read_bytes()
    del folder
    more = RunFolder.resume(path, **asked)
    with pytest.raises(KeyboardInterrupt):
        story.march(more.watch(story.grid), stop_after=3)
    # As if the process had died between the fields and the checkpoint of a later visit.
    (path / "checkpoint.npz").write_bytes(saved)
    (path / "fields.zarr" / "zarr.0123.partial").write_text("half")
    del more
    again = RunFolder.resume(path, **asked)
    watch = again.watch(story.grid)
    with xarray.open_zarr(path / "fields.zarr", consolidated=False) as opened:
        assert opened.sizes["time"] == 2
    again.finish(story.make_run(asked["case"], asked["settings"], story.march(watch)), 0.5)
    assert_same(load(path), whole)


def test_a_run_killed_before_its_first_checkpoint_starts_anew(
    tmp_path: Path, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    folder = RunFolder.create(tmp_path / "run", **asked)
    with pytest.raises(KeyboardInterrupt):
        story.march(folder.watch(story.grid), stop_after=0)
    (tmp_path / "run" / "checkpoint.npz").unlink()
    del folder
    watch = RunFolder.resume(tmp_path / "run", **asked).watch(story.grid)
    assert watch.restore() is None
    assert watch.kept() == []
    assert story.march(watch)["woven"].shape == (5, 4, 5, 6)


def test_the_state_survives_with_every_shape(
    tmp_path: Path, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    folder = RunFolder.create(tmp_path / "run", **asked)
    state = {
        "time": np.asarray(0.1 + 0.2),
        "count": np.asarray(3),
        "names/with/slashes": np.arange(6.0).reshape(1, 2, 3),
        "file": np.array([True, False]),
        "empty": np.zeros((0, 3)),
    }
    watch = folder.watch(story.grid)
    watch.keep(0, 0.0, {"woven": np.zeros(story.grid.shape, np.float32)}, state)
    del folder, watch
    back = RunFolder.resume(tmp_path / "run", **asked).watch(story.grid).restore()
    assert back is not None
    assert sorted(back) == sorted(state)
    for name, values in state.items():
        assert back[name].dtype == values.dtype
        assert back[name].shape == values.shape
        assert back[name].tobytes() == values.tobytes()


def test_progress_reaches_the_listener(
    tmp_path: Path, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    heard: list[tuple[str, float, float, str]] = []

    class Listener(Watch):
        def progress(self, stage: str, done: float, total: float, note: str = "") -> None:
            heard.append((stage, done, total, note))

    folder = RunFolder.create(tmp_path / "run", **asked)
    story.march(folder.watch(story.grid, Listener()))
    assert heard[0] == ("heal", 1, 5, "week 0")
    assert len(heard) == 5


def test_a_snapshot_out_of_turn_is_refused(
    tmp_path: Path, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    watch = RunFolder.create(tmp_path / "run", **asked).watch(story.grid)
    fields = {"woven": np.zeros(story.grid.shape, np.float32)}
    with pytest.raises(StoreError, match="snapshot 1 came where snapshot 0 was due"):
        watch.keep(1, 7.0, fields, {})
    watch.keep(0, 0.0, fields, {})
    with pytest.raises(StoreError, match="snapshot 1 holds"):
        watch.keep(1, 7.0, {"clot": fields["woven"]}, {})
    with pytest.raises(StoreError, match="woven is float64"):
        watch.keep(1, 7.0, {"woven": np.zeros(story.grid.shape)}, {})


def test_a_course_that_was_not_the_one_watched_is_refused(
    tmp_path: Path, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    folder = RunFolder.create(tmp_path / "run", **asked)
    fields = story.march(folder.watch(story.grid))
    other = {
        name: np.where(values == values[-1, 0, 0, 0], 9, values) for name, values in fields.items()
    }
    with pytest.raises(StoreError, match="does not hold the course's"):
        folder.finish(story.make_run(asked["case"], asked["settings"], other), 0.0)
    assert describe(tmp_path / "run")["status"] == "running"


def test_create_refuses_an_occupied_folder_and_leaves_it_alone(
    tmp_path: Path, keep_run: Keep, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    keep_run(tmp_path / "finished")
    broken = RunFolder.create(tmp_path / "broken", **asked)
    with pytest.raises(KeyboardInterrupt):
        story.march(broken.watch(story.grid), stop_after=1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = contents(tmp_path)
    for name, words in {
        "finished": r"finished run already.*trephine show.*another --out",
        "broken": r"has not ended.*--resume.*another --out",
        "other": r"is not empty and holds no run; choose another --out",
        "file": r"is a file; choose a folder",
    }.items():
        with pytest.raises(InputError, match=words):
            RunFolder.create(tmp_path / name, **asked)
    assert contents(tmp_path) == before
    (tmp_path / "empty").mkdir()
    RunFolder.create(tmp_path / "empty", **asked)


def test_resume_names_each_difference(
    tmp_path: Path, keep_run: Keep, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    keep_run(tmp_path / "run")
    before = contents(tmp_path)
    case = asked["case"].changed({"site": {"gap": {"width": "2 mm"}}})
    fine = Settings.preset("fine")
    made = story.made_by(case, fine, 5, version="0.2.0", catalogue_digest="d" * 16)
    made.libraries["jax"] = "0.9"
    with pytest.raises(InputError) as caught:
        RunFolder.resume(tmp_path / "run", case=case, settings=fine, seed=5, provenance=made)
    told = [str(problem) for problem in caught.value.problems]
    assert told == [
        "case.site.gap.width: the run has '4 mm', this attempt has '2 mm'",
        "settings.voxel: the run has '1.5 mm', this attempt has '0.5 mm'",
        "seed: the run has 0, this attempt has 5",
        "version of trephine: the run has '0.1.0', this attempt has '0.2.0'",
        "catalogue: the run has 'cccccccccccccccc', this attempt has 'dddddddddddddddd'",
        "version of jax: the run has '0', this attempt has '0.9'",
    ]
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("spoil", "kind", "words"),
    [
        (lambda p: (p / "run.json").unlink(), InputError, "holds no run"),
        (lambda p: (p / "run.json").write_text("{"), StoreError, r"run\.json is damaged"),
        (lambda p: (p / "run.json").write_text("[]"), StoreError, r"run\.json is damaged"),
        (lambda p: _edit(p / "run.json", format=2), InputError, r"layout 2.*reads layout 1"),
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
    tmp_path: Path, keep_run: Keep, asked: dict[str, Any]
) -> None:
    keep_run(tmp_path / "other")
    before = contents(tmp_path)
    for size in (100, 2500):
        with (
            no_file_longer_than(size),
            pytest.raises(StoreError, match=r"cannot write .*too large"),
        ):
            RunFolder.create(tmp_path / "run", **asked)
        assert not (tmp_path / "run").exists()
    assert contents(tmp_path) == before


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
    assert_same(load(tmp_path / "run"), whole)


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
    assert_same(load(tmp_path / "run"), whole)


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
