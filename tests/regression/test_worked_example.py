"""The worked example keeps its numbers; each change of one is a decision, told in its commit."""

from __future__ import annotations

import pytest

import trephine
from trephine.case.settings import Settings
from trephine.cli.example import file

GOLDEN = {
    # A nailed femur, 12 x 5 mL concentrated, cultured cells on day 30, on 2.5 mm voxels. It moves
    # with any law, number or rule of the chain, and should then be replaced together with the
    # line in the changelog that says why.
    "union_week": 12.0,
    "mrust": 12.0,
    "callus_volume_mL": 12.98976,
    "tissue_stiffness_N_per_mm": 96771.66,
}
DOSE = (27190.31, 21569.35, 10876.30)
"""Progenitors drawn, in the product and kept of the first injection."""


@pytest.fixture(scope="module")
def summary() -> dict[str, object]:
    case = trephine.read(str(file("femur-nonunion")))
    settings = Settings.model_validate({"voxel": "2.5 mm", "margin_axial": "18 mm"})
    return trephine.run(case, settings=settings).summary()


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_an_outcome_stays(summary: dict[str, object], name: str) -> None:
    assert summary[name] == pytest.approx(GOLDEN[name], rel=1e-4)


def test_the_dose_stays(summary: dict[str, object]) -> None:
    injections = summary["injections"]
    assert isinstance(injections, list)
    found = [injections[0][f"progenitors_{n}"] for n in ("drawn", "product", "retained")]
    assert found == pytest.approx(DOSE, rel=1e-6)
