"""``trephine trial`` as a person uses it: real engine, few patients, coarse voxels."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from made_trial import COARSE, PLAIN, Stop
from trephine.case.trial import read
from trephine.study.trial import run_trial

TREPHINE = Path(sys.executable).with_name("trephine")
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for path in map(shutil.which, BROWSERS) if path), None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a trial of three patients that was stopped after the first."""
    import tomli_w  # noqa: PLC0415

    place = tmp_path_factory.mktemp("trial")
    data = json.loads(json.dumps(PLAIN))
    data["arms"] = [PLAIN["arms"][0] | {"n": 3}]
    data["endpoints"] = PLAIN["endpoints"][:2]
    data["population"]["base"] = "short.toml"
    case = subprocess.run(
        [TREPHINE, "example", "tibia-nonunion"], capture_output=True, text=True, check=True
    ).stdout.replace('duration = "26 wk"', 'duration = "13 wk"')
    (place / "short.toml").write_text(case)
    (place / "small.toml").write_text(tomli_w.dumps(data))
    with pytest.raises(KeyboardInterrupt):
        run_trial(read(place / "small.toml"), settings=COARSE, out=place / "out", watch=Stop(1))
    return place


def told(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TREPHINE, "trial", folder / "small.toml", "--voxel", "3 mm", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )


@pytest.fixture(scope="module")
def finished(folder: Path) -> dict[str, Any]:
    """Return what the resumed trial tells, computed by two workers."""
    first = next((folder / "out" / "cells").iterdir())
    before = first.stat().st_mtime_ns
    again = told(folder, "--out", "out", "--resume", "--workers", "2", "--json")
    assert again.returncode == 0, again.stderr
    assert first.stat().st_mtime_ns == before
    result: dict[str, Any] = json.loads(again.stdout)
    return result


def test_a_stopped_trial_is_resumed_by_two_workers_to_the_same_numbers(
    folder: Path, finished: dict[str, Any]
) -> None:
    whole = told(folder, "--out", "whole", "--quiet", "--json")
    assert whole.returncode == 0, whole.stderr
    assert whole.stderr == ""
    assert json.loads(whole.stdout) == finished


def test_a_person_reads_endpoints_and_where_the_page_lies(
    folder: Path, finished: dict[str, Any]
) -> None:
    again = told(folder, "--out", "out", "--resume", "--quiet")
    assert again.returncode == 0
    assert "88.3 %" in again.stdout
    assert "may be fitted" in " ".join(again.stdout.split())
    assert "report: out/trial.html" in again.stdout
    assert finished["arms"][0]["virtual"] == 3
    assert finished["endpoints"][0]["observed"]["shown"] == "88.3 %"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--out", "out"), "go on with --resume"),
        (("--out", "out", "--resume", "--seed", "9"), "holds a trial of another file, seed"),
        (("--out", "new", "--shard", "5/4"), "write I/N with I from 1 to N"),
        (("--out", "new", "--power"), "has no [[designs]]"),
        (("--out", "new", "--voxel", "3"), "--voxel"),
    ],
)
def test_what_cannot_be_is_one_message(
    folder: Path, finished: dict[str, Any], words: tuple[str, ...], expected: str
) -> None:
    del finished
    refused = told(folder, *words)
    assert refused.returncode == 2
    assert expected in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (folder / "new").exists()


@pytest.mark.skipif(
    CHROMIUM is None, reason=f"no browser here; any of {', '.join(BROWSERS)} would do"
)
@pytest.mark.parametrize("width", [1100, 400])
def test_the_page_shows_everything_at_any_width(
    folder: Path, finished: dict[str, Any], width: int
) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text))
        page.goto((folder / "out" / "trial.html").as_uri())
        assert page.title() == f"{finished['name']} \u2013 virtual trial"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#endpoints tbody tr").count() == 2
        assert page.locator("#union svg").count() == 2
        assert page.get_by_text("88.3 %").first.is_visible()
        assert wrong == []
        browser.close()
