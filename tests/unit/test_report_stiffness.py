"""Stiffness in six ways and the strain of the gap, as the report tells them."""

from __future__ import annotations

import numpy as np
import pytest

from synthetic_run import synthetic_run
from trephine.report import rigidity, strain
from trephine.report.frames import Frames
from trephine.report.words import NO_BREAK

RUN = synthetic_run()
FRAMES = Frames.of(RUN)


def test_a_motion_gives_way_more_while_the_others_are_free() -> None:
    stiffness = np.diag([4e7, 9e6, 9e6, 2.5e3, 2.5e3, 1.8e3])
    assert rigidity.alone(stiffness) == pytest.approx(np.diag(stiffness))
    # A bridge 12 mm off the axis: pressing it bends it.
    stiffness[0, 3] = stiffness[3, 0] = 4e7 * 0.006
    single = rigidity.alone(stiffness)
    assert single[0] == pytest.approx(4e7 - (4e7 * 0.006) ** 2 / 2.5e3)
    assert single[3] == pytest.approx(2.5e3 - (4e7 * 0.006) ** 2 / 4e7)
    assert single[5] == pytest.approx(1.8e3)
    assert rigidity.weakest_bending(stiffness) == pytest.approx(single[3])
    turned = np.diag([4e7, 9e6, 9e6, 2e3, 3e3, 1.8e3])
    turned[3, 4] = turned[4, 3] = 500.0
    assert rigidity.weakest_bending(turned) == pytest.approx(
        np.linalg.eigvalsh(turned[3:5, 3:5])[0]
    )


def test_what_nothing_resists_has_no_stiffness() -> None:
    sliding = np.diag([0.0, 5e5, 5e5, 900.0, 900.0, 30.0])
    assert rigidity.alone(sliding) == pytest.approx(np.diag(sliding))
    assert rigidity.alone(np.zeros((6, 6))) == pytest.approx(np.zeros(6))
    assert rigidity.weakest_bending(np.zeros((6, 6))) == 0.0
    hinge = np.zeros((6, 6))
    hinge[:2, :2] = [[1.0, 1.0], [1.0, 1.0]]
    assert rigidity.alone(hinge)[:2] == pytest.approx([0.0, 0.0])


def test_stiffness_is_told_in_units_people_use() -> None:
    table = rigidity.table(RUN)
    assert table.weeks == ["0", "26"]
    rows = {row.name: row for row in table.rows}
    assert rows["Along the shaft"].tissue == ["40", "40,000"]
    assert rows["Along the shaft"].implant == "3,000"
    assert rows["Torsion"].tissue[1] == "31.4"
    assert rows["Torsion"].unit == "Nm/deg"
    graph = rigidity.graph(RUN, FRAMES)
    assert f"bending called healed: 15{NO_BREAK}Nm/deg" in graph.svg
    bending = graph.keys[0].readings
    assert bending[3] == bending[0] == f"0.0436{NO_BREAK}Nm/deg", "the last examination counts"
    assert bending[-1] == f"43.6{NO_BREAK}Nm/deg"


def test_quantiles_of_strain_are_weighted_by_the_gap() -> None:
    values = np.array([1.0, 2.0, 3.0, 50.0])
    weights = np.array([1.0, 1.0, 2.0, 0.0])
    assert strain.weighted_quantiles(values, weights, (0.5, 0.95)) == pytest.approx([2.0, 3.0])
    assert strain.weighted_quantiles(values, np.ones(4), (0.5, 0.95)) == pytest.approx([2.0, 50.0])
