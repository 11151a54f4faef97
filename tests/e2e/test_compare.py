"""A comparison of models on the command line: table, page, refusal, and going on."""

from __future__ import annotations

import base64
import json
import re
import tomllib
from pathlib import Path

import pytest
import tomli_w

from trephine.cli.example import written
from trephine.cli.main import main

OPTIONS = ["--voxel", "4 mm", "--quiet"]


@pytest.fixture
def case(tmp_path: Path) -> Path:
    data = tomllib.loads(written("femur-nonunion"))
    data["plan"]["follow_up"]["duration"] = "2 wk"
    data["plan"]["steps"] = [step for step in data["plan"]["steps"] if step["day"] == "0 d"]
    path = tmp_path / "femur.toml"
    path.write_text(tomli_w.dumps(data), encoding="utf-8")
    return path


def test_a_comparison_gives_a_table_and_a_page_and_goes_on(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "side by side"
    words = ["compare", str(case), "--models", "trejo-2019,ulm", "--out", str(folder), *OPTIONS]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert re.search(r"trejo-2019 +(none|\d)", said)
    assert re.search(r"ulm +(none|\d)", said)
    assert "comparison.html" in said
    page = (folder / "comparison.html").read_text(encoding="utf-8")
    assert page.count('src="data:image/png;base64,') == 2 * 3
    for still in re.findall(r"base64,([^\"]+)\"", page):
        assert base64.b64decode(still)[:4] == b"\x89PNG"
    assert "http" not in re.sub(r'xmlns="[^"]+"', "", page)
    assert "knows no cells" in (folder / "ulm" / "report.html").read_text(encoding="utf-8")
    assert 'href="ulm/report.html"' in page

    assert main(words) == 2
    assert "holds" in capsys.readouterr().err
    (folder / "comparison.html").unlink()
    assert main([*words, "--resume", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["model"] for one in told["models"]] == ["trejo-2019", "ulm"]
    assert len(told["models"][0]["bone_in_gap_percent"]) == 3
    assert (folder / "comparison.html").read_text(encoding="utf-8") == page


def test_the_models_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told][:2] == ["callus", "lacroix-prendergast"]
    assert all(one["sources"] and one["leaves_out"] for one in told[1:])
    assert main(["models"]) == 0
    assert "bailon-plaza-2001" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--model", "ulmm"], "no model 'ulmm'; did you mean 'ulm'"),
        (["compare", "--models", "callus,ulmm"], "no model 'ulmm'; did you mean 'ulm'"),
        (["compare", "--models", "ulm"], "two models or more"),
    ],
)
def test_an_unknown_model_is_refused(
    words: list[str], said: str, case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *options = words
    assert main([command, str(case), *options, "--out", str(tmp_path / "no")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "no").exists()
