"""The command ``evidence``: what it prints, as a table and as JSON, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib

import pytest

from trephine.catalogue.effects import effects
from trephine.cli.evidence import entries
from trephine.cli.main import BAD_INPUT, main


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what the command prints."""
    assert main(["evidence", *words]) == 0
    return capsys.readouterr().out


def test_the_list_names_every_study(capsys: pytest.CaptureFixture[str]) -> None:
    text = asked(capsys)
    assert "80 studies" in text
    assert "Hernigou2005" in text
    assert set(json.loads(asked(capsys, "list", "--json"))) >= {"Li2019", "Kuroda2019"}


@pytest.mark.parametrize(
    ("words", "there", "gone"),
    [
        (("--condition", "nonunion"), "Goel2005", "Bhargava2007"),
        (("--condition", "UNION"), "Bhargava2007", "Kuroda2019"),
        (("--product", "marrow"), "Garg1993", "Li2019"),
        (("--role", "holdout"), "Lin2019", "Garg1993"),
        (("--role", "calibrate", "--condition", "fracture"), "Bhandari2003", "Ross2018"),
    ],
)
def test_filters_keep_what_they_say(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], there: str, gone: str
) -> None:
    found = json.loads(asked(capsys, "list", *words, "--json"))
    assert there in found
    assert gone not in found


def test_a_role_shows_its_own_values_alone(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(asked(capsys, "list", "--role", "calibrate", "--json"))
    assert "callus_volume_4_months" not in str(found["Hernigou2005"])


def test_a_study_a_claim_an_effect_and_a_value_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = asked(
        capsys, "show", "Bhandari2003", "C7", "harms.early_pain_marrow", "Li2019.all.union"
    )
    for told in ("14 of 16", "Does not fit", "WRONG", "To test it", "6 of 523", "13 of 14"):
        assert told in text
    found = json.loads(asked(capsys, "show", "Li2019.all.union", "--json"))
    assert found["Li2019.all.union"]["printed"] == 92.9


def test_a_search_wants_every_word(capsys: pytest.CaptureFixture[str]) -> None:
    text = asked(capsys, "search", "callus", "volume")
    assert "Hernigou2005.united.callus_volume_4_months" in text.splitlines()
    assert "Nothing holds" in asked(capsys, "search", "callus", "unicorn")
    assert json.loads(asked(capsys, "search", "callus unicorn", "--json")) == {}


def test_claims_effects_and_contradictions_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Description E" in asked(capsys, "claims")
    assert list(json.loads(asked(capsys, "claims", "A2", "--json"))) == ["A2"]
    assert "Least differences" in asked(capsys, "effects")
    assert set(json.loads(asked(capsys, "effects", "--json"))) >= {"harms", "patients"}
    assert "no whole number of 25" in " ".join(asked(capsys, "contradictions").split())
    found = json.loads(asked(capsys, "contradictions", "--json"))
    assert {"check", "strength", "first", "second", "why"} == set(found["found"][0])
    assert "Bhandari2003" in found["stated"]


@pytest.mark.parametrize("words", [("effects",), ("show", "Hernigou2005", "CentenoRC2020")])
def test_names_stay_whole_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    printed = asked(capsys, *words).splitlines()
    names = [name for name in entries() if "." in name]
    wanted = [n for n in names if n.startswith(tuple(words[1:]) or tuple(dict(effects())))]
    assert len(wanted) > 10
    assert set(wanted) <= set(printed)


def test_the_list_breaks_no_word_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    narrow = asked(capsys)
    monkeypatch.setenv("COLUMNS", "300")
    assert {word for word in narrow.split() if "\u2500" not in word} <= set(asked(capsys).split())
    assert max(len(line) for line in narrow.splitlines()) <= 80


def test_a_worksheet_can_be_saved_and_filled(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Goel2005.all.union" in tomllib.loads(asked(capsys, "worksheet", "Goel2005"))
    assert "harms.neuralgia_marrow" in tomllib.loads(asked(capsys, "worksheet", "harms"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "hernigou2005"), "did you mean 'Hernigou2005'?"),
        (("show", "Hernigou205"), "did you mean 'Hernigou2005'?"),
        (("show", "Hernigou2005.all.unon"), "did you mean 'Hernigou2005.all.union'?"),
        (("show", "hernigou"), "names that hold it: Hernigou2002, Hernigou2005, Hernigou2009"),
        (("show", "zzzzz"), "'trephine evidence search' finds names by words"),
        (("show",), "needs a name"),
        (("search",), "needs a name or words"),
        (("list", "knee"), "did you mean 'search'?"),
        (("claims", "Z1"), "there is no claim 'Z1'"),
        (("claims", "--role", "holdout"), "--role: goes with 'list' alone"),
        (("worksheet", "Goel2006"), "did you mean 'Goel2005'?"),
        (("list", "--condition", "nonunoin"), "did you mean 'nonunion'?"),
        (("list", "--role", "prior"), "'prior' is no role"),
        (("lst",), "'lst' is not one of 'list'"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert main(["evidence", *words]) == BAD_INPUT
    assert said in capsys.readouterr().err


def test_the_command_starts_nothing_slow() -> None:
    code = (
        "import sys; from trephine.cli.main import main; main(['evidence', 'show', 'Li2019']);"
        "slow = {'jax', 'pint', 'scipy', 'matplotlib', 'zarr', 'xarray'} & set(sys.modules);"
        "sys.exit(', '.join(sorted(slow)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
