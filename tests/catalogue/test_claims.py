"""The ledger of claims is whole, and its experiments can be run."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from made_evidence import line_of, rows
from trephine.catalogue.claims import DESCRIPTIONS, Claim, Experiment, claims, with_results
from trephine.catalogue.cohorts import checked
from trephine.cli.main import app
from trephine.core.errors import CatalogueError

LEDGER = claims()


def test_the_ledger_is_whole() -> None:
    assert len(LEDGER) == 57
    assert {claim.description for claim in LEDGER.values()} == set(DESCRIPTIONS)
    assert all(key[0] == claim.description for key, claim in LEDGER.items())
    verdicts = [claim.verdict for claim in LEDGER.values()]
    counts = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    assert counts == {"partly": 24, "wrong": 12, "unsupported": 11, "supported": 10}


def test_every_row_is_told_as_the_table_has_it() -> None:
    table = rows("claims")
    assert {line_of(c.where) for c in LEDGER.values()} == set(table)
    for key, claim in LEDGER.items():
        cells = table[line_of(claim.where)]
        group, _, number = cells["claim_id"].partition(".")
        assert key == "ABCDE"[int(group)] + number
        assert claim.claim == cells["claim_paraphrase"]
        assert claim.evidence == cells["evidence"]
        assert claim.verdict == cells["verdict"]
        assert "+".join(claim.basis) == cells["basis"]
        assert claim.confidence == float(cells["confidence"])


def test_a_verdict_has_a_ground() -> None:
    for key, claim in LEDGER.items():
        assert bool(claim.source) == bool(claim.basis), key
        if not claim.source:
            assert claim.verdict == "unsupported", key


def test_what_can_be_simulated_names_a_command_of_the_program() -> None:
    asked = {key: claim.experiment for key, claim in LEDGER.items() if claim.experiment}
    assert {"A2", "C6", "C7", "E5"} <= set(asked)
    group: Any = typer.main.get_command(app)
    commands = set(group.commands) | {"dose", "plan"}
    for experiment in asked.values():
        assert experiment.command in commands
        assert experiment.vary
        assert experiment.look_at


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verdict": "true"}, "made: verdict"),
        ({"description": "F"}, "made: description"),
        ({"experiment": {"command": "fly", "vary": "x", "look_at": "y"}}, "experiment.command"),
        ({"mood": "high"}, "made: mood"),
    ],
)
def test_a_malformed_claim_is_refused_with_its_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CatalogueError, match=said):
        checked(Claim, {**LEDGER["A2"].model_dump(), **changes}, "made")


def test_an_experiment_has_no_result_before_it_is_run() -> None:
    assert Experiment(command="dose", vary="x", look_at="y").result == ""


def test_what_came_out_stands_beside_the_experiment() -> None:
    told = with_results(LEDGER, {"A2": {"result": "it united"}})
    assert told["A2"].experiment is not None
    assert told["A2"].experiment.result == "it united"
    assert told["A2"].verdict == LEDGER["A2"].verdict


@pytest.mark.parametrize("key", ["A1", "Z9"])
def test_a_result_without_an_experiment_is_refused(key: str) -> None:
    with pytest.raises(CatalogueError, match=f"no experiment for '{key}'"):
        with_results(LEDGER, {key: {"result": "it united"}})


def test_every_experiment_has_been_run() -> None:
    waiting = [k for k, c in LEDGER.items() if c.experiment and not c.experiment.result]
    assert not waiting, "run `make claims`"
