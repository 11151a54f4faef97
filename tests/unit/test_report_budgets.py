"""Where things went: ways in and out of every field, their colours, units and words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synthetic_run import synthetic_run
from trephine.report import fate
from trephine.report.frames import Frames
from trephine.report.words import NO_BREAK

RUN = synthetic_run()
FRAMES = Frames.of(RUN)


def test_what_came_in_less_what_went_out_is_there() -> None:
    found = fate.ways(RUN, "progenitor_injected")
    net = sum(v[-1] for v in found.gains.values()) - sum(v[-1] for v in found.losses.values())
    total = sum(v[-1] for n, v in RUN.course.spent.items() if n.startswith("progenitor_injected/"))
    assert net == pytest.approx(total)


def test_small_ways_are_joined_and_rounding_is_left_out() -> None:
    spent = {f"progenitor_injected/way {k}": np.full(27, float(k + 1)) for k in range(12)}
    spent["progenitor_injected/motion"] = np.full(27, 1e-12)
    run = replace(RUN, course=replace(RUN.course, spent=spent))
    found = fate.ways(run, "progenitor_injected")
    assert len(found.gains) == fate.LARGEST + 1
    assert found.gains[fate.OTHERS][-1] == pytest.approx(1 + 2 + 3 + 4)


def test_every_other_field_has_its_running_totals() -> None:
    woven = np.linspace(0.0, 0.02, 27)
    spent = {"woven/bone forms": woven, "woven/bone is resorbed": -woven / 4}
    run = replace(RUN, course=replace(RUN.course, spent=spent))
    found = dict(fate.others(run, FRAMES))
    assert list(found) == ["woven"]
    graph = found["woven"]
    assert graph.title == "Woven bone"
    assert "µL; came in above" in graph.svg
    told = {key.label: key.readings[-1].replace(NO_BREAK, " ") for key in graph.keys}
    assert told["bone forms"] == "+ 20 µL"
    assert told["bone is resorbed"] == "\u2212 5 µL"
    assert told["There now"] == "15 µL"
    assert len({key.colour for key in graph.keys}) == 3


def test_areas_of_one_graph_never_share_a_colour() -> None:
    spent = {
        f"{field}/{field} way {k}": np.full(27, 1.0 + k)
        for field in fate.TITLES
        for k in range(fate.LARGEST + 2)
    }
    run = replace(RUN, course=replace(RUN.course, spent=spent))
    for graph in fate.fates(run, FRAMES):
        areas = [key.colour for key in graph.keys if key.shape == "area"]
        assert len(areas) == fate.LARGEST + 1
        assert len(set(areas)) == len(areas)


def test_the_fate_is_told_in_shares() -> None:
    told = fate.largest_moves(RUN).replace(NO_BREAK, " ")
    assert "46.4 % to osteoblasts" in told
    assert fate.largest_moves(replace(RUN, course=replace(RUN.course, spent={}))) == ""
