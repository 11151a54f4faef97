"""The emulator that comes with the program: made for this engine, small, quick, as good as told.

When the first test fails, the engine or a number that it reads has changed since the emulator
learned: make it anew with ``make emulate``.
"""

from __future__ import annotations

import dataclasses
import json
import time

import numpy as np
import pytest

from trephine.case.case import read
from trephine.catalogue.load import catalogue
from trephine.cli.example import file
from trephine.core.errors import InputError
from trephine.study import biology, designed, inputs
from trephine.study.course_inputs import course_inputs
from trephine.study.emulate import SHIPPED, Emulator

MOST_BYTES = 1 << 20


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return Emulator.load()


def test_it_was_made_for_the_engine_of_this_program(emulator: Emulator) -> None:
    assert emulator.about["engine"] == json.loads(json.dumps(designed.engine()))
    assert emulator.about["numerics"] == designed.numerics(designed.VOXEL)
    other = designed.engine() | {"numbers": "another"}
    with pytest.raises(InputError, match="make emulate"):
        Emulator.load(made_for=other)


def test_what_is_printed_of_its_biology_is_not_in_its_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = designed.engine()
    facts = catalogue()

    def changed(name: str) -> bool:
        record = facts.record(name)
        other = record.model_copy(update={"printed": record.printed * 1.01})
        records = {**facts.records, name: other}
        told = dataclasses.replace(facts, records=records)
        monkeypatch.setattr(designed, "catalogue", lambda: told)
        designed.engine.cache_clear()
        return designed.engine() != before

    try:
        assert not any(changed(name) for name in (*biology.RECORDS, biology.ASSAY))
        assert changed("callus.to_bone")
    finally:
        monkeypatch.undo()
        designed.engine.cache_clear()


def test_it_is_small_and_loads_at_once() -> None:
    assert SHIPPED.stat().st_size < MOST_BYTES
    began = time.perf_counter()
    Emulator.load()
    assert time.perf_counter() - began < 2.0


def test_its_error_is_the_one_it_tells_and_no_worse_than_that(emulator: Emulator) -> None:
    found = emulator.error
    for name, told in emulator.about["error"].items():
        assert getattr(found, name) == pytest.approx(told, rel=1e-6), name
    assert found.tried == 200
    assert found.brier < 0.5 * found.brier_of_the_share
    assert found.right > 0.9
    assert "Brier score" in str(found)
    no_better = emulator.error_on(_turned(emulator))
    assert no_better.brier > 2.0 * found.brier


def _turned(emulator: Emulator):  # noqa: ANN202  (as the fresh runs)
    fresh = emulator.fresh
    order = np.random.default_rng(0).permutation(len(fresh))
    values = {name: value[order] for name, value in fresh.values.items()}
    return type(fresh)(values, fresh.union, fresh.callus, fresh.mrust)


def test_it_refuses_all_that_lies_outside_at_once(emulator: Emulator) -> None:
    case = read(str(file("tibia-nonunion")))
    course = course_inputs(case, progenitors=3e4, nucleated=1e9, volume=8e-6)
    assert 0.0 < emulator.predict(course).union_chance[0] <= 1.0
    wrong = course | {inputs.GAP: np.array([0.02]), "callus.to_fibrous": np.array([1.0])}
    with pytest.raises(InputError) as refused:
        emulator.predict(wrong)
    assert {p.place for p in refused.value.problems} == {inputs.GAP, "callus.to_fibrous"}


def test_more_cells_are_no_worse_for_the_tibia_of_the_example(emulator: Emulator) -> None:
    case = read(str(file("tibia-nonunion")))
    cells = np.geomspace(3e2, 1e6, 12)
    course = course_inputs(case, progenitors=cells, nucleated=1e9, volume=8e-6)
    chance = emulator.predict(course).union_chance
    assert chance[0] < 0.2
    assert chance[-1] > 0.9
    assert (np.diff(chance) > -0.05).all()
