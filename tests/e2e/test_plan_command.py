"""The planner on the command line: table, page, case files, going on, and refusals."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from trephine import pipeline
from trephine.case.brief import read as read_brief
from trephine.case.case import read
from trephine.case.prescription import read as read_prescription
from trephine.cli.example import written
from trephine.cli.main import main
from trephine.core.progress import Watch
from trephine.study import planner, remembered
from trephine.study.asked import Asked

PRESCRIPTION = "at least 20,000 progenitors in the lesion (Paris assay)"
BRIEF = """
[limits]
punctures = 8

[prices]
currency = "EUR"
theatre_minute = 30
culture = 9000

[prices.kits]
buffy_coat = 700

[choices]
counts = [1, 6, 16, 30]
volumes = ["2 mL", "4 mL", "10 mL"]
tracks = 1
devices = ["none", "buffy_coat"]
products = ["6 mL", "12 mL"]
"""
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for path in map(shutil.which, BROWSERS) if path), None)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans")
    (folder / "tibia.toml").write_text(written("tibia-nonunion"), encoding="utf-8")
    (folder / "brief.toml").write_text(BRIEF, encoding="utf-8")
    return folder


def words(here: Path, out: str, *more: str) -> list[str]:
    return [
        "plan", str(here / "tibia.toml"), "--prescription", PRESCRIPTION, "--brief",
        str(here / "brief.toml"), "--draws", "1000", "--out", str(here / out), "--quiet", *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def folder(here: Path) -> Path:
    assert main(words(here, "whole")) == 0
    return here / "whole"


def test_a_search_gives_table_page_and_cases(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(words(here, "told")) == 0
    out = capsys.readouterr().out
    assert "\u2026" not in out  # nothing is cut
    assert max(map(len, out.partition("plans can be made")[0].splitlines())) <= 80
    said = " ".join(out.split())
    for part in ("30 x 4 mL", "Cost (EUR)", "buffy coat", "plans can be made", "plans.html"):
        assert part in said
    assert main(words(here, "told")) == 2
    assert "go on with --resume" in capsys.readouterr().err
    assert main(words(here, "told", "--seed", "3")) == 2
    said = capsys.readouterr().err
    assert "another case, brief, prescription" in said
    assert "--resume" not in said


def test_case_files_give_the_dose_that_was_told(
    here: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads((folder / "plans.json").read_text())
    assert {one["file"] for one in told["named"]} == {p.name for p in folder.glob("*.toml")}
    for one in told["named"]:
        path = folder / one["file"]
        case = read(path)
        text = path.read_text()
        assert " x " in text.partition("draws = ")[2].partition("]")[0] or "large" in one["name"]
        assert not re.search(r"\d\.\d{7}|gauge = \d+\.0", text)
        assert len(case.plan.injections) == one["injections"]
        assert main(["run", str(path), "--dry-run", "--json", "--out", str(here / "no")]) == 0
        capsys.readouterr()
        asked = ["dose", str(path), "--prescription", PRESCRIPTION, "--draws", "3000", "--json"]
        assert main(asked) == 0
        chance = json.loads(capsys.readouterr().out)["prescription"]["chance"]
        spread = 4 * (0.25 * (1 / 3000 + 1 / 1000)) ** 0.5
        assert chance == pytest.approx(one["chance"], abs=spread), one["name"]


class StopWhile(Watch):
    """Interrupt a search once it is under way."""

    def progress(self, stage: str, done: float, total: float, note: str = "") -> None:
        del total, note
        if stage == "plan" and done > 9:
            raise KeyboardInterrupt


def test_a_killed_search_goes_on_to_the_same_numbers(
    here: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(
        read(here / "tibia.toml"),
        read_brief(here / "brief.toml"),
        read_prescription(PRESCRIPTION),
        count=1000,
    )
    memory = remembered.begun(here / "killed", asked)
    with pytest.raises(KeyboardInterrupt):
        planner.plan(asked, memory=memory, watch=StopWhile())
    kept = json.loads((here / "killed" / "search.json").read_text())["gains"]
    assert 0 < len(kept) < 12
    # What is known is not computed again: a gain put there by hand would be believed.
    computed = []
    one_harvest = planner.search.__globals__["_harvest"]
    monkeypatch.setitem(
        planner.search.__globals__,
        "_harvest",
        lambda *a: computed.append(a[1]) or one_harvest(*a),
    )
    assert main(words(here, "killed", "--resume")) == 0
    assert sorted(computed + [int(h) for h in kept]) == sorted(set(computed) | {*map(int, kept)})
    for name in ("plans.json", "plans.html", "as-planned.toml"):
        assert (here / "killed" / name).read_bytes() == (folder / name).read_bytes()


def test_another_burden_orders_the_same_search_anew(here: Path, folder: Path) -> None:
    copy = here / "anew"
    shutil.copytree(folder, copy)
    assert main(words(here, "anew", "--resume", "--burden", "marrow")) == 0
    told = json.loads((copy / "plans-by-marrow.json").read_text())
    assert told["burden"]["what"] == "marrow drawn"
    # The plans by minutes are left as they were.
    for name in ("plans.json", "plans.html", "best-chance.toml"):
        assert (copy / name).read_bytes() == (folder / name).read_bytes()
    assert (copy / "plans-by-marrow.html").is_file()
    assert {one["file"] for one in told["named"]} <= {path.name for path in copy.glob("*.toml")}
    assert told["named"][0]["file"].endswith("-by-marrow.toml")
    marrow = [one["marrow_mL"] for one in told["front"]]
    assert marrow == sorted(marrow)
    assert main(words(here, "anew", "--resume", "--seed", "4")) == 2


def test_nothing_that_reaches_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, text in (("9e4", "No plan within the limits reaches"), ("9e9", "Nothing within")):
        wanted = words(here, f"much{number}")
        wanted[wanted.index(PRESCRIPTION)] = (
            f"at least {number} progenitors in the lesion (Paris lab)"
        )
        assert main(wanted) == 0
        assert text in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--prescription", "plenty"], "'plenty' cannot be read"),
        (["--draws", "7"], "7 samples cannot be made"),
        (["--brief", "nowhere.toml"], "no such file"),
        (["--burden", "beauty"], "'beauty' is not one of"),
        (["--resume"], "holds no search"),
        (["--set", "patient.mass='3 mL'"], "not a mass"),
    ],
)
def test_nonsense_gets_one_message(
    more: list[str],
    told: str,
    here: Path,
    refused: Callable[[list[str], tuple[str, ...]], str],
) -> None:
    refused([*words(here, "none"), *more], (told,))
    assert not (here / "none").exists()


def test_union_is_sought_by_a_ladder_that_is_kept(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs: list[float] = []

    def healed(case: Any, progenitors: float, **_: Any) -> SimpleNamespace:
        runs.append(progenitors)
        if len(runs) == 5 and not (here / "stopped").exists():
            (here / "stopped").touch()
            raise KeyboardInterrupt
        week = None if progenitors < 9000 else 26 - 3 * len(str(int(progenitors)))
        return SimpleNamespace(union_week=week, mrust=[4.0, 4.0 if week is None else 13.0])

    monkeypatch.setattr(pipeline, "at_dose", healed)
    asked = words(here, "union", "--objective", "union")
    assert main(asked) == 130
    capsys.readouterr()
    assert main([*asked, "--resume", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(runs) == len(set(runs)) + 1  # the run that was stopped is made again, no other
    (emulator,) = told["emulators"].values()
    low, high = emulator["threshold_between"]
    assert low < 9000 <= high
    assert emulator["fresh_runs"]["tried"] == 2
    for one in told["named"]:
        least, most = one["union_between"]
        assert least <= one["chance"] <= most
        assert one["prescription"] is not None
    assert "choice made to fit" in " ".join(told["notices"])
    assert "How union was found" in (here / "union" / "plans.html").read_text("utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip(f"no browser here; any of {', '.join(BROWSERS)} would do")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


LABELS = """[...document.querySelectorAll('.picture svg text[paint-order]')]
  .map(t => t.getBoundingClientRect()).filter(r => r.width)
  .map(r => [r.left, r.top, r.right, r.bottom])"""


TARGET = """[...document.querySelectorAll('.picture svg [stroke-dasharray="2 4"]')]
  .map(line => line.getBoundingClientRect()).filter(r => r.width).map(r => r.top)"""


def overlapping(boxes: list[list[float]]) -> int:
    return sum(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
        for a, b in combinations(boxes, 2)
    )


@pytest.mark.parametrize("width", [1100, 400])
def test_the_page_stands_alone_and_no_label_lies_on_another(
    width: int, folder: Path, browser: Any
) -> None:
    page: Page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / "plans.html").as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.evaluate(LABELS)
    assert len(boxes) >= 3
    assert overlapping(boxes) == 0
    assert overlapping([*boxes, boxes[0]]) > 0
    edge = page.evaluate("document.querySelector('.picture').getBoundingClientRect().right")
    assert max(box[2] for box in boxes) <= edge
    (target,) = page.evaluate(TARGET)
    assert not any(box[1] + 2 < target < box[3] - 2 for box in boxes)
    hint = page.get_by_text("Move the table sideways to see all", exact=False).first
    assert hint.is_visible() is (width < 700)
    assert "EUR" in page.inner_text("main")
