"""``trephine check``: a table or JSON, exit 0 if all can be, one message if something cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trephine.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "check-a-procedure.md"
EXAMPLE = PAGE.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    file = tmp_path / "counts.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    return file


def test_what_can_be_is_a_table_and_exit_0(
    counts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(counts)]) == 0
    told = capsys.readouterr()
    assert "0.619 of what went" in told.out
    assert told.out.splitlines()[-1] == "33 checks: 33 possible."
    assert "70 min" in told.out
    assert told.err == ""


def test_what_cannot_be_is_one_message_that_names_the_places(
    counts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts.write_text(EXAMPLE.replace('"98e6', '"980e6').replace("94 %", "940 %"), encoding="utf-8")
    assert main(["check", str(counts), "--json"]) == 2
    told = capsys.readouterr()
    places = "pool.volume, pool.nucleated, product.volume, product.nucleated"
    assert told.err == (
        "error: counts.toml holds what cannot be\n"
        "  product.viability: shares are not above one: 1 of 6 are; expected at most 1\n"
        f"  {places}: nucleated cells: recovered: 6.19 of what went in; expected at most 1; "
        "1.1 by miscounting\n"
    )
    findings = json.loads(told.out)
    assert {f["verdict"] for f in findings} == {"possible", "impossible"}
    assert set(findings[0]) == {"check", "verdict", "found", "expected", "places"}


def test_an_empty_file_holds_nothing_to_check(
    counts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts.write_text("", encoding="utf-8")
    assert main(["check", str(counts)]) == 2
    assert "holds nothing that can be checked" in capsys.readouterr().err


def test_the_last_line_names_what_to_look_at_again(
    counts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = EXAMPLE.replace('drawn = "60 mL"', 'drawn = "50 mL"').replace('radius = "15 cm", ', "")
    counts.write_text(text.replace("rpm = 3200", "g = 1700"), encoding="utf-8")
    assert main(["check", str(counts)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith("1 doubtful. Look again: marrow and anticoagulant make the pool.")


def test_a_share_in_per_cent_and_an_unknown_device_are_told(
    counts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts.write_text(EXAMPLE.replace("haematocrit = 0.31", "haematocrit = 31"), encoding="utf-8")
    assert main(["check", str(counts)]) == 2
    assert "at most 1; did you mean '31 %' or 0.31?" in capsys.readouterr().err
    counts.write_text(EXAMPLE.replace("buffy_coat", "bufy_coat"), encoding="utf-8")
    assert main(["check", str(counts)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "processing.device: 'bufy_coat' is unknown; did you mean 'buffy_coat'?" in told.err
