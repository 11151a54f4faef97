"""Plans side by side on the command line, for a head, a lengthened bone and a painful joint."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from trephine.catalogue.symptom_posterior import symptom_posterior
from trephine.cli.example import written
from trephine.cli.main import main
from trephine.store.runs import load_any
from trephine.study.foretold import ending

Refused = Callable[[list[str], tuple[str, ...]], str]
Plain = dict[str, Any]


def shorter(name: str, follow_up: dict[str, str], changes: Callable[[Plain], None]) -> str:
    """Return an example with a shorter course, as the text of a case file."""
    data = tomllib.loads(written(name))
    data["plan"]["follow_up"] = follow_up
    changes(data)
    return tomli_w.dumps(data)


def drawn_a_little(data: Plain) -> None:
    """Draw a bone apart by a few millimetres, and inject right after."""
    for step in data["plan"]["steps"]:
        if step["kind"] == "distraction":
            step |= {"day": "1 d", "length": "4 mm", "docks": False}
        if step["kind"] == "injection":
            step["day"] = "6 d"
    data["plan"]["steps"] = [s for s in data["plan"]["steps"] if s["day"] != "168 d"]


@pytest.fixture
def hip(tmp_path: Path) -> Path:
    path = tmp_path / "hip.toml"
    course = {"duration": "8 wk", "interval": "4 wk"}
    path.write_text(shorter("hip-osteonecrosis", course, lambda _: None), encoding="utf-8")
    return path


@pytest.fixture
def lengthened(tmp_path: Path) -> Path:
    path = tmp_path / "tibia.toml"
    course = {"duration": "2 wk", "interval": "1 wk"}
    path.write_text(shorter("tibia-lengthening", course, drawn_a_little), encoding="utf-8")
    return path


@pytest.fixture
def knee(tmp_path: Path) -> Path:
    path = tmp_path / "knee.toml"
    path.write_text(written("knee-osteoarthritis"), encoding="utf-8")
    return path


def compared(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[Plain, str]:
    """Return what a comparison prints as JSON, by plan, and its page."""
    capsys.readouterr()
    assert main(["compare", *words, "--quiet", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    page = Path(told["page"]).read_text(encoding="utf-8")
    assert "://" not in re.sub(r'xmlns="[^"]+"', "", page)  # letters alone may stand in a picture
    return {row["plan"]: row for row in told["plans"]}, page


def test_a_head_with_and_without_cells(
    hip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(hip), "--with", "observation", "--voxel", "3 mm"]
    words += ["--replicates", "2", "--out", str(tmp_path / "heads")]
    rows, page = compared(words, capsys)
    assert list(rows) == ["plan", "observation"]
    assert rows["plan"]["event"]["name"] == "Collapsed"
    dead = {name: row["outcomes"]["Dead bone left (mL)"]["value"] for name, row in rows.items()}
    assert dead["plan"] < dead["observation"]
    apart = rows["observation"]["differences"]["Dead bone left (mL)"]
    assert apart["pairs"] == 2
    assert apart["middle"] > 0
    assert apart["spread"] is None
    assert "too few draws for an interval" in page
    assert page.count('src="data:image/png;base64,') == 2 * 3
    assert "core decompression the catalogue holds no record" in page
    assert 'opacity="0.16"' not in page
    assert "minus is better (less dead bone)" in page
    assert "minus is better (less often)" in page
    assert "is not told: no plan here is the same without. --with without-cells adds it" in page
    assert rows == compared([*words, "--resume"], capsys)[0]


def test_a_lengthened_bone_keeps_its_distraction_without_cells(
    lengthened: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "drawn"
    words = [str(lengthened), "--with", "without-cells", "--voxel", "5 mm", "--out", str(folder)]
    rows, page = compared(words, capsys)
    assert ending(load_any(folder / "plan" / "run")) == "Not consolidated at the last visit."
    bone = {name: row["outcomes"]["New bone (mL)"]["value"] for name, row in rows.items()}
    assert set(bone) == {"plan", "without-cells"}
    assert rows["plan"]["event"]["name"] == "Consolidated"
    assert page.count('src="data:image/png;base64,') == 2 * 3
    assert page.count("The bone ends are drawn apart by") == 2


def test_a_knee_shows_no_difference_beyond_its_interval(
    knee: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(knee), "--with", "saline", "--with", "observation"]
    rows, page = compared([*words, "--out", str(tmp_path / "knees")], capsys)
    pain = "VAS (points of 100, low is good)"
    low, middle, high = rows["saline"]["differences"][pain]["spread"]
    assert low < 0 < high
    assert low < middle < high
    assert "no difference between the plan and saline is shown" in page
    assert "The nearest" not in page
    assert "<small>minus is better (less pain)</small>" in page
    assert "<small>plus is better (more people gain)</small>" in page
    assert f"by {symptom_posterior().count:,} draws of the posterior" in page
    gain = next(name for name in rows["saline"]["outcomes"] if name.startswith("Gain "))
    assert rows["saline"]["outcomes"][gain]["better"] == ["plus", "more people gain"]
    assert rows["observation"]["outcomes"][pain]["value"] is None
    assert rows["observation"]["sentence"].startswith("No evidence")
    assert "saline injection the catalogue holds no record" in page


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("hip", ["--with", "autograft"], "no plan has this name at a site of kind 'femoral_head'"),
        ("knee", ["--with", "salin"], "did you mean 'saline'"),
        ("knee", ["--with", "saline", "--replicates", "3"], "whole interval in one run"),
        ("knee", ["--with", "nowhere.toml"], "nowhere.toml"),
        ("knee", ["--with", "plan"], "the plan of the case itself"),
        ("knee", ["--with", "HIP"], "hip.toml does not fit a site of kind 'joint'"),
        ("lengthened", ["--with", "saline"], "kind 'regenerate'"),
    ],
)
def test_a_plan_that_is_not_of_this_site_is_refused(
    name: str,
    words: list[str],
    said: str,
    request: pytest.FixtureRequest,
    hip: Path,
    tmp_path: Path,
    refused: Refused,
) -> None:
    path: Path = request.getfixturevalue(name)
    asked = [str(hip) if word == "HIP" else word for word in words]
    refused(["compare", str(path), *asked, "--out", str(tmp_path / "no")], (said,))
    assert not (tmp_path / "no").exists()


def test_what_is_computed_of_a_bone_is_told_with_its_interval(
    hip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["candidacy", str(hip), "--predict", "1", "--voxel", "3 mm", "--out", str(hip.parent)]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    planned, bare, none = told["foretold"]
    assert (planned["name"], bare["name"]) == ("as planned", "the same without cells")
    assert none["name"] == "no treatment"
    assert sum(planned["endings"].values()) == 1
    assert not any("could not be computed" in ending for ending in planned["endings"])
    page = (hip.parent / "candidacy.html").read_text(encoding="utf-8")
    assert "Dead bone left (mL)" in page
    assert re.search(r"1 of 1 (runs )?\(\d", page)
