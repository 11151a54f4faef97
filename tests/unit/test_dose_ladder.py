"""A course at a given dose: the run itself where the dose is its own, and nothing else scaled."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pytest

from trephine import pipeline
from trephine.case.case import Case
from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.cli.example import written
from trephine.core.errors import InputError
from trephine.stages import heal

SETTINGS = Settings.model_validate({"voxel": "3 mm"})


@pytest.fixture(scope="module")
def case() -> Case:
    data = tomllib.loads(written("tibia-nonunion"))
    data["plan"]["follow_up"]["duration"] = "2 wk"
    data["plan"]["steps"] = [step for step in data["plan"]["steps"] if step["day"] == "0 d"]
    return validate(Case, data, "tibia")


def test_grafts_are_scaled_to_the_dose_and_nothing_else_is(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    healed = heal.heal

    def listening(**given: Any) -> Any:
        seen.append(given)
        return healed(**given)

    monkeypatch.setattr(heal, "heal", listening)
    run = pipeline.run(case, settings=SETTINGS)
    own = run.treatments[0].graft
    voxel = run.anatomy.grid.voxel_volume
    stays = float(own.progenitors.sum()) * voxel
    same = pipeline.at_dose(case, stays, settings=SETTINGS)
    assert same.mrust == pytest.approx(run.follow_up.mrust)
    assert same.callus_volume == pytest.approx(run.follow_up.callus_volume, rel=1e-6)
    pipeline.at_dose(case, 12_345.0, settings=SETTINGS)
    (graft,) = seen[-1]["grafts"]
    assert float(graft.progenitors.sum()) * voxel == pytest.approx(12_345.0)
    assert np.array_equal(graft.nucleated, own.nucleated)
    assert np.array_equal(graft.clot, own.clot)


def test_a_case_without_injections_has_no_dose_to_scale(case: Case) -> None:
    with pytest.raises(InputError, match="no progenitors stay"):
        pipeline.at_dose(case.with_plan(steps=[]), 1e4, settings=SETTINGS)
