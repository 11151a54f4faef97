"""A posterior that was made from something else is told, and no qualification begins with it."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from made_calibration import SOME, trials
from trephine.case.trial import Trial
from trephine.catalogue.posterior import Diagnostics, Posterior
from trephine.study import calibrate
from trephine.study.calibrate import made_from, stale
from trephine.study.targets import targets

VALIDATION = Path(__file__).parents[2] / "validation"


def emulator(value: float = 1.0) -> Any:
    """Return what a fit asks of an emulator to name it: its arrays."""
    held = SimpleNamespace(as_arrays=lambda: {"value": value})
    return SimpleNamespace(learned=held, trained=held)


def fitted(some: tuple[Trial, ...]) -> Posterior:
    found = targets(some)[0]
    return Posterior(
        about="made up",
        seed=0,
        fitted_to=tuple(one.identifier for one in found),
        made_from=made_from(found, some, emulator()),
        diagnostics=Diagnostics(points=1, effective=1.0, tail=0.0, apart=0.0),
        draws={"callus.assay_factor": (1.0,)},
    )


def test_what_has_changed_since_the_fit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    some = trials(*SOME)
    found = fitted(some)
    assert stale(found, some, emulator()) == []
    assert stale(found, some, emulator(2.0)) == ["emulator"]
    fewer = {"arms": [some[0].arms[0].model_copy(update={"n": 5}), *some[0].arms[1:]]}
    assert "trials" in stale(found, [some[0].model_copy(update=fewer), *some[1:]], emulator())
    assert "published" in stale(found, some[1:], emulator()), "it was fitted to more"
    p, laboratory = calibrate.discrepancy()
    monkeypatch.setattr(calibrate, "discrepancy", lambda: (replace(p, share=9.0), laboratory))
    assert stale(found, some, emulator()) == ["numbers"]


@pytest.fixture
def qualifying(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script of `make qualify`."""
    monkeypatch.syspath_prepend(VALIDATION)
    monkeypatch.setattr(sys, "argv", ["qualify.py"])
    return importlib.import_module("qualify")


def test_no_qualification_begins_with_a_stale_posterior(
    qualifying: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun: list[list[str]] = []

    def begin(words: list[str]) -> int:
        begun.append(words)
        return 3

    monkeypatch.setattr(qualifying, "trephine", begin)
    monkeypatch.setattr(qualifying, "stale", lambda *_: ["emulator", "trials"])
    assert qualifying.main() == 1
    assert "made from other emulator, other trials" in capsys.readouterr().err
    assert not begun
