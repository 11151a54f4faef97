"""Runs to be left alone, and how a refusal must read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import trephine
from trephine import pipeline
from trephine.case.settings import Settings
from trephine.cli import example
from trephine.cli.main import main
from trephine.core.progress import Watch

Refused = Callable[[list[str], tuple[str, ...]], str]


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
    (folder / "case.toml").write_text(example.written("femur-nonunion"), encoding="utf-8")
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


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def untouched(runs: Path) -> Iterator[None]:
    """Fail the test when it changes one byte of the runs that are there."""
    before = contents(runs)
    yield
    assert contents(runs) == before


@pytest.fixture
def one_message() -> Callable[[str, tuple[str, ...]], None]:
    return assert_one_message


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Return a function that runs a command line in this process and checks its one message."""

    def refused(arguments: list[str], told: tuple[str, ...]) -> str:
        capsys.readouterr()
        status = main(arguments)
        seen = capsys.readouterr()
        assert status == 2, seen.err
        assert seen.out == ""
        assert_one_message(seen.err, told)
        return seen.err

    return refused


def assert_one_message(message: str, told: tuple[str, ...]) -> None:
    assert message.startswith("error: "), message
    assert message.count("error:") == 1, message
    assert "Traceback" not in message
    plain = " ".join(message.split())
    for words_told in told:
        assert " ".join(words_told.split()) in plain, message
