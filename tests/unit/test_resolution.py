"""Voxels of a patient in a trial: as asked, or as fine as the gap wants, by the patient alone."""

from __future__ import annotations

import pytest

from made_trial import COARSE, PLAIN, cheap, made, ran
from trephine.case.case import Case
from trephine.case.settings import Settings
from trephine.study.cells import Cell
from trephine.study.outcomes import PatientOutcome
from trephine.study.resolution import FINER, fitting


@pytest.mark.parametrize(
    ("gap_mm", "asked", "expected"),
    [
        (4.0, "1.5 mm", "1.5 mm"),
        (1.5, "1.5 mm", "1.5 mm"),
        (1.49, "1.5 mm", "1.2 mm"),
        (0.95, "1.5 mm", "0.9 mm"),
        (0.9, "1.5 mm", "0.9 mm"),
        (2.5, "3 mm", "2 mm"),
        (0.3, "1.5 mm", "1.5 mm"),
        (0.95, "0.5 mm", "0.5 mm"),
    ],
)
def test_a_voxel_is_no_wider_than_the_gap(gap_mm: float, asked: str, expected: str) -> None:
    gap = {"width": f"{gap_mm} mm"}
    document = made().population.base.as_written()
    document["site"]["gap"] |= gap
    case = Case.model_validate(document)
    assert fitting(case, Settings.model_validate({"voxel": asked}))["voxel"] == expected


def test_the_voxels_are_few_and_fall() -> None:
    assert list(FINER) == sorted(FINER, reverse=True)
    assert len(FINER) < 10


def narrow(cell: Cell) -> PatientOutcome:
    """Fail as the engine does where the voxel is wider than the gap."""
    gap, edge = (
        float(str(text).split()[0])
        for text in (cell.case["site"]["gap"]["width"], cell.settings["voxel"])
    )
    assert edge <= gap * (1 + 1e-9)
    return cheap(cell)


def test_no_patient_of_a_trial_fails_for_a_wide_voxel() -> None:
    law = PLAIN["population"]["vary"]["site.gap.width"] | {"median": "1.2 mm", "low": "0.6 mm"}
    people = PLAIN["population"] | {"vary": {"site.gap.width": law}}
    result = ran(made(population=people), engine=narrow)
    assert not result.pool("cells").failed.any()
    assert result.asked.settings == COARSE
