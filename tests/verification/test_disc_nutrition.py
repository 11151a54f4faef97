"""Is the nutrition of a disc solved right? By hand, by another solver in other units, by orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from endplate import Section, layers, settled
from numpy.typing import NDArray
from scipy.integrate import solve_bvp

from trephine.catalogue.load import catalogue
from trephine.models import disc_nutrition
from trephine.models.disc_nutrition import (
    DiscParameters,
    Nutrition,
    Rates,
    column,
    effective,
    least_open,
    lives,
    metabolism,
    most_added,
    nourished,
)
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(DiscParameters)
SHARE = 0.3
Floats = NDArray[np.float64]

# By hand: cells that eat all they find, in the nucleus and in the open endplate.

NUCLEUS, ENDPLATE = 2e-5, 9e-5


def constant(nucleus: float, endplate: float) -> Rates:
    """Return an uptake of glucose that depends on the tissue alone [mmol/L/s]."""
    taken = -np.repeat([nucleus, endplate], [disc_nutrition.CELLS, disc_nutrition.LAYERS])

    def rates(oxygen: Floats, lactate: Floats, glucose: Floats) -> tuple[Floats, Floats, Floats]:
        return 0.0 * oxygen, 0.0 * lactate, taken

    return rates


def by_hand(p: DiscParameters, depth: Floats, share: float) -> Floats:
    """Return glucose in the nucleus: a parabola on the drop across the open endplate."""
    half, thick = 0.5 * p.height * 1e3, p.endplate * 1e3
    inside = effective(p.diffusivity["glucose"] * 1e6, p.water)
    within = effective(p.diffusivity["glucose"] * 1e6, p.endplate_water)
    drop = (NUCLEUS * half / share + 0.5 * ENDPLATE * thick) * thick / within
    edge = p.supply["glucose"] - drop
    return np.asarray(edge - NUCLEUS / (2.0 * inside) * (half**2 - depth**2))


def largest_error(p: DiscParameters, rates: Rates, share: float = SHARE) -> float:
    solved = nourished(p, endplate_open=share, rates=rates)
    return float(np.abs(solved.glucose - by_hand(P, solved.depth_mm, SHARE)).max())


def test_glucose_is_the_parabola_of_constant_uptakes() -> None:
    eaten = constant(NUCLEUS, ENDPLATE)
    assert largest_error(P, eaten) < 1e-4
    solved = nourished(P, endplate_open=SHARE, rates=eaten)
    assert solved.glucose[0] == pytest.approx(2.4142, abs=2e-4)


@pytest.mark.parametrize(
    ("broken", "nucleus", "endplate", "share"),
    [
        (replace(P, water=1.0), NUCLEUS, ENDPLATE, SHARE),  # diffusion as in free water
        (replace(P, endplate=1e-9), NUCLEUS, ENDPLATE, SHARE),  # no endplate at all
        (replace(P, height=2 * P.height), NUCLEUS, ENDPLATE, SHARE),  # fed from one side
        (P, NUCLEUS, 0.0, SHARE),  # cells of the endplate forgotten
        (P, NUCLEUS, ENDPLATE, 1.0),  # all of the endplate open
    ],
)
def test_the_check_rejects_a_broken_disc(
    broken: DiscParameters, nucleus: float, endplate: float, share: float
) -> None:
    assert largest_error(broken, constant(nucleus, endplate), share) > 0.05


# Another solver: collocation, in cm and hours, with the constants as the design text prints them.


def collocated(share: float) -> Floats:
    """Return oxygen [kPa], lactate and glucose [mmol/L] in the middle of the nucleus."""
    bone = np.array([5.1, 0.8, 4.0])
    free = np.array([0.003, 0.00139, 0.0009167]) * 36.0  # mm^2/s in cm^2/h
    layers = ((0.5, 0.80, 3.6, 1.0), (0.06, 0.66, 13.5, share))  # cm, water, 1e6/mL, area

    def eaten(s: Floats, water: float, cells: float) -> Floats:
        oxygen, lactate, _ = s
        acid = 7.4 - 0.09 * lactate
        above = acid - 4.95
        released = 1e-3 * cells * np.exp(-2.47 + 0.93 * acid + 0.16 * oxygen - 0.0058 * oxygen**2)
        breathed = 7.28e-3 * cells * water / 0.010268 * above * oxygen
        breathed /= 1.46 + 4.03 * above + oxygen
        return np.array([breathed, -released, 0.5 * released])

    def slopes(_: Floats, y: Floats) -> Floats:
        found = []
        for n, (thick, water, cells, area) in enumerate(layers):
            s, flow = y[6 * n : 6 * n + 3], y[6 * n + 3 : 6 * n + 6]
            spread = free * (water / (2.0 - water)) ** 2
            found += [thick * flow / (area * spread[:, None])]
            found += [thick * area * eaten(s, water, cells)]
        return np.concatenate(found)

    def ends(middle: Floats, outer: Floats) -> Floats:
        return np.concatenate([middle[3:6], outer[:6] - middle[6:], outer[6:9] - bone])

    guess = np.concatenate([bone, np.zeros(3)] * 2)[:, None] * np.ones(41)
    found = solve_bvp(slopes, ends, np.linspace(0.0, 1.0, 41), guess, tol=1e-8, max_nodes=20000)
    assert found.success, found.message
    return np.asarray(found.y[:3, 0])


def told(found: Nutrition) -> Floats:
    return np.array([found.oxygen[0], found.lactate[0], found.glucose[0]])


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_another_solver_in_other_units_finds_the_same(share: float) -> None:
    solved = told(nourished(P, endplate_open=share))
    assert solved == pytest.approx(collocated(share), rel=5e-5)


def test_the_middle_of_an_open_disc_is_where_the_other_solver_puts_it() -> None:
    assert told(nourished(P)) == pytest.approx([1.840, 3.612, 1.868], abs=2e-3)


@pytest.mark.parametrize(
    "broken",
    [
        replace(P, endplate_cells=0.0),  # the endplate a film without cells
        replace(P, solubility=1.0),  # pressure taken for concentration
        replace(P, oxygen_uptake=60.0 * P.oxygen_uptake),  # by minute for by hour
        replace(P, cells=1.05 * P.cells),  # one cell in twenty too many
        replace(P, acid_by_lactate=0.0),  # no acid
    ],
)
def test_the_other_solver_rejects_a_broken_disc(broken: DiscParameters) -> None:
    solved = told(nourished(broken, endplate_open=SHARE))
    assert solved != pytest.approx(collocated(SHARE), rel=1e-2)


# A made-up solution: fields that a source beside the metabolism makes exact.


def made_up(p: DiscParameters, share: float) -> tuple[list[Floats], list[Floats]]:
    """Return fields over the column, and the sources that they need besides diffusion."""
    depth = column(p, endplate_open=share).depth
    half, thick = 0.5 * p.height * 1e3, p.endplate * 1e3
    inner = depth < half
    fields, sources = [], []
    for name, least in (("oxygen", 1.0), ("lactate", 3.0), ("glucose", 0.8)):
        inside = effective(p.diffusivity[name] * 1e6, p.water)
        within = effective(p.diffusivity[name] * 1e6, p.endplate_water)
        swing = 0.3 * (p.supply[name] - least)
        edge = least + swing * (1.0 - np.cos(1.0))
        rise = inside * swing * np.sin(1.0) / half / (share * within)
        bend = (p.supply[name] - edge - rise * thick) / thick**2
        beyond = depth - half
        outer = edge + rise * beyond + bend * beyond**2
        fields += [np.where(inner, least + swing * (1.0 - np.cos(depth / half)), outer)]
        curved = inside * swing * np.cos(depth / half) / half**2
        sources += [-np.where(inner, curved, 2.0 * within * bend)]
    return fields, sources


def made_up_error(cells: int, broken: Callable[[Floats], Floats] = lambda x: x) -> float:
    """Return the largest error of the three on so many volumes, all of the metabolism at work."""
    fields, sources = made_up(P, SHARE)
    of = column(P, endplate_open=SHARE)
    change = metabolism(P, of.cells, of.water)
    theirs = change(*fields)

    def rates(oxygen: Floats, lactate: Floats, glucose: Floats) -> tuple[Floats, Floats, Floats]:
        now = change(oxygen, lactate, glucose)
        made = [broken(n - t) + s for n, t, s in zip(now, theirs, sources, strict=True)]
        return made[0], made[1], made[2]

    found = nourished(P, endplate_open=SHARE, rates=rates)
    got = (found.oxygen, found.lactate, found.glucose)
    return max(float(np.abs(g - f[:cells]).max()) for g, f in zip(got, fields, strict=True))


def errors(
    monkeypatch: pytest.MonkeyPatch, broken: Callable[[Floats], Floats] = lambda x: x
) -> list[float]:
    found = []
    for cells in (20, 40, 80):
        monkeypatch.setattr(disc_nutrition, "CELLS", cells)
        monkeypatch.setattr(disc_nutrition, "LAYERS", cells // 4)
        found.append(made_up_error(cells, broken))
    return found


def orders(of: list[float]) -> Floats:
    return np.log2(np.array(of[:-1]) / np.array(of[1:]))


def test_the_nutrition_is_solved_to_second_order(monkeypatch: pytest.MonkeyPatch) -> None:
    found = errors(monkeypatch)
    assert orders(found) == pytest.approx([2.0, 2.0], abs=0.1)
    assert found[-1] < 2e-4


def test_the_order_rejects_a_source_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    found = errors(monkeypatch, lambda beyond: beyond + 1e-6)
    assert orders(found) != pytest.approx([2.0, 2.0], abs=0.1)


# A round disc in two dimensions, the solver of the table in the docs.


def sheet(share: float, rim: Floats | None = None) -> Section:
    """Return a disc that is the same at every radius, as one column is."""
    of = column(P, endplate_open=share)
    faces = layers(P)
    nucleus = (faces[1:] < 0.5 * P.height * 1e3 + 1e-9)[:, None] * np.ones(3, dtype=bool)
    return Section(
        radius=np.array([0.0, 2.0, 5.0, 9.0]),
        height=faces,
        water=np.where(nucleus, of.water[0], of.water[-1]),
        cells=np.where(nucleus, of.cells[0], of.cells[-1]),
        share=np.where(nucleus, 1.0, share),
        top=np.ones(3),
        rim=rim,
    )


def test_a_round_disc_without_a_rim_is_a_column() -> None:
    section = settled(P, sheet(SHARE))
    assert np.ptp(section, axis=2).max() < 1e-6
    assert section[:, 0, 0] == pytest.approx(told(nourished(P, endplate_open=SHARE)), rel=1e-2)


def test_the_comparison_rejects_a_disc_that_is_fed_from_its_rim() -> None:
    fed = settled(P, sheet(SHARE, rim=np.array([5.8, 0.9, 5.0])))
    assert fed[:, 0, 0] != pytest.approx(told(nourished(P, endplate_open=SHARE)), rel=1e-2)


# What the program asks of it.


def test_a_disc_lives_as_it_is_and_starves_with_a_closed_endplate() -> None:
    assert lives(nourished(P), P)
    assert not lives(nourished(P, endplate_open=0.1), P)
    room = [most_added(P, share) for share in (1.0, 0.6, 0.3, 0.1)]
    assert sorted(room, reverse=True) == room
    assert room[-1] == 0.0
    assert not lives(nourished(P, added=1.02 * room[0]), P)
    assert lives(nourished(P, added=0.98 * room[0]), P)


def test_cells_begin_to_die_where_a_fifth_of_the_endplate_is_open() -> None:
    least = least_open(P)
    assert least == pytest.approx(0.186, abs=2e-3)
    assert least_open(replace(P, endplate_cells=0.0)) == pytest.approx(0.176, abs=2e-3)
    assert lives(nourished(P, endplate_open=1.01 * least), P)
    assert not lives(nourished(P, endplate_open=0.99 * least), P)
