"""``trephine qualify`` as a person calls it, on scores of risk, which need no engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trephine.cli import qualify as command
from trephine.cli.main import main

EXAMPLES = Path(__file__).parents[2] / "examples" / "trials"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the two trials that are told by a score of risk."""
    place = tmp_path_factory.mktemp("trials")
    for name in ("bhandari-2003-baseline.toml", "nurd-baseline.toml"):
        (place / name).write_text((EXAMPLES / name).read_text(encoding="utf-8"))
    (place / "cases").symlink_to(EXAMPLES / "cases")
    return place


def asked(folder: Path, out: Path, *words: str) -> int:
    return main(["qualify", str(folder), "--out", str(out), "--quiet", *words])


def test_a_person_reads_what_is_inside_and_where_the_page_lies(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "q"
    assert asked(folder, out) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "not fitted, " in said
    assert f"report: {out}/qualify.html" in said
    first = (out / "qualify.json").read_bytes(), (out / "qualify.html").read_bytes()
    assert asked(folder, out) == 2
    assert "go on with --resume" in capsys.readouterr().err
    assert asked(folder, out, "--resume", "--json") == 0
    assert ((out / "qualify.json").read_bytes(), (out / "qualify.html").read_bytes()) == first
    assert json.loads(capsys.readouterr().out)["asked"]["seed"] == 0


def test_an_explanation_of_a_hit_fails_after_the_page_is_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    why = tmp_path / "misses.toml"
    why.write_text(
        '[why.bhandari-2003-baseline]\n"every_patient.reoperation_12_months" = '
        '"the patients of the series were not these"\n'
    )
    assert asked(folder, tmp_path / "q", "--misses", str(why)) == 1
    assert "is explained, but is no miss" in capsys.readouterr().err
    assert (tmp_path / "q" / "qualify.html").is_file()


def test_a_failing_verification_is_counted_and_named(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_made_up.py").write_text(
        "def test_it_holds(): pass\ndef test_the_check_rejects_it(): raise ValueError\n"
    )
    told = command.run_tests(tests, tmp_path / "told.xml", 1)
    assert (told["passed"], told["failed"], told["twins"]) == (1, 1, 1)
    assert told["failed_tests"] == ["made up: test_the_check_rejects_it"]
