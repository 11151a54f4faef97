"""The published law of distraction force gives the course computed for it elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trephine.catalogue.load import catalogue
from trephine.models.distraction_force import (
    DistractionForceParameters,
    force_course,
    relaxation,
)
from trephine.models.reading import Reading

REFERENCE = {3: 44, 10: 58, 20: 64, 33: 68, 50: 70}
"""Peak force by day of a course of 68 mm [N], evaluated independently of this program."""


@pytest.fixture(scope="module")
def law() -> DistractionForceParameters:
    return Reading(catalogue()).fill(DistractionForceParameters)


def peaks(law: DistractionForceParameters) -> dict[int, float]:
    course = force_course(68e-3, 3, 0.33e-3, law)
    return {day: float(course.peak[round(day * 3)]) for day in REFERENCE}


def test_the_peaks_are_those_of_the_reference(law: DistractionForceParameters) -> None:
    course = force_course(69e-3, 3, 0.33e-3, law)
    assert {day: round(force) for day, force in peaks(law).items()} == REFERENCE
    assert course.peak[-1] == pytest.approx(73, abs=0.5)
    assert course.residual[9] == pytest.approx(6, abs=0.5)
    assert course.residual[-1] == pytest.approx(23, abs=0.5)
    assert course.stress[9] * 1e-3 == pytest.approx(47, abs=0.6)
    assert course.stress[-1] * 1e-3 == pytest.approx(78, abs=0.5)


@pytest.mark.parametrize(
    "change", [{"memory_rise": 0.0, "memory_start": 0.0}, {"area_factor": 1.0}], ids=str
)
def test_the_check_rejects_a_broken_law(
    law: DistractionForceParameters, change: dict[str, float]
) -> None:
    found = {day: round(force) for day, force in peaks(replace(law, **change)).items()}
    assert found != REFERENCE


def test_finer_steps_gain_as_much_with_less_force_at_each(law: DistractionForceParameters) -> None:
    coarse, fine = force_course(40e-3, 3, 0.33e-3, law), force_course(40e-3, 12, 0.0825e-3, law)
    assert fine.day[-1] == pytest.approx(coarse.day[-1], abs=0.5)
    assert fine.peak[-1] < 0.5 * coarse.peak[-1]


def test_a_step_relaxes_from_all_of_it_to_what_the_tissue_remembers(
    law: DistractionForceParameters,
) -> None:
    told = relaxation(30.0, np.array([0.0, 1.0, 60.0, 1e5]), 200.0, law)
    assert told[0] == pytest.approx(1.0)
    assert (np.diff(told) < 0).all()
    assert told[-1] == pytest.approx(0.058 * np.log(30) + 0.0034)
