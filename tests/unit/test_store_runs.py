"""A run's folder: written, killed, resumed, finished, loaded, refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray

from trephine.case.case import read
from trephine.case.run import Run
from trephine.case.settings import Settings
from trephine.core.errors import InputError, StoreError
from trephine.core.progress import Watch
from trephine.store.layout import describe
from trephine.store.runs import RunFolder, load

Keep = Callable[[Path], Run]


def test_a_run_comes_back_bit_for_bit(
    tmp_path: Path, keep_run: Keep, story: SimpleNamespace
) -> None:
    run = keep_run(tmp_path / "run")
    back = load(tmp_path / "run")
    story.assert_same(run, back)
    assert back.case == run.case
    assert back.settings == run.settings
    assert back.provenance == run.provenance
    assert back.follow_up.ending is run.follow_up.ending
    assert back.summary() == run.summary()
    with pytest.raises(ValueError, match="read-only"):
        back.course.fields["woven"][0] = 0


def test_the_folder_holds_what_it_promises(
    tmp_path: Path, keep_run: Keep, story: SimpleNamespace
) -> None:
    run = keep_run(tmp_path / "run")
    document = json.loads((tmp_path / "run" / "run.json").read_text())
    assert document["format"] == 2
    assert document["status"] == "finished"
    assert document["summary"] == run.summary()
    assert document["provenance"]["catalogue_digest"] == "c" * 16
    assert document["provisional"] == ["harvest.progenitor_density"]
    assert document["wall_seconds"] == 1.25
    assert len(document["digests"]) == len(story.arrays_of(run))
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
    story.assert_same(load(tmp_path / "broken"), whole)
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
    story.assert_same(load(path), whole)


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
    before = story.contents(tmp_path)
    for name, words in {
        "finished": r"finished run already.*trephine show.*another --out",
        "broken": r"has not ended.*--resume.*another --out",
        "other": r"is not empty and holds no run; choose another --out",
        "file": r"is a file; choose a folder",
    }.items():
        with pytest.raises(InputError, match=words):
            RunFolder.create(tmp_path / name, **asked)
    assert story.contents(tmp_path) == before
    (tmp_path / "empty").mkdir()
    RunFolder.create(tmp_path / "empty", **asked)


def test_resume_names_each_difference(
    tmp_path: Path, keep_run: Keep, asked: dict[str, Any], story: SimpleNamespace
) -> None:
    keep_run(tmp_path / "run")
    before = story.contents(tmp_path)
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
    assert story.contents(tmp_path) == before
