"""Laws of settling by hand, slices of a tube, samples beside single spins, and the film strip."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from trephine.case.processing import Spin
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.core.rng import Streams
from trephine.models.reading import Reading
from trephine.models.separation import SeparationParameters
from trephine.models.settling import (
    PLATELET,
    RED_CELL,
    SettlingParameters,
    cell_velocity,
    layers_of_spin,
    platelet_velocity,
    recoveries_of_spin,
    red_cell_settling,
    relative_force,
)
from trephine.report.tube import FRAMES, film_strip, strength

P = Reading(catalogue()).fill(SettlingParameters)


def spin(minutes: float = 6, **told: object) -> Spin:
    plain = {"g": 1000, "duration": f"{minutes:g} min", "column": "8 cm"}
    return Spin.model_validate({k: v for k, v in (plain | told).items() if v is not None})


def test_velocities_are_those_worked_by_hand() -> None:
    alone = 60.0 * 9.80665 * (16e-6) ** 2 / (18 * 1.5e-3)
    assert red_cell_settling(P).fastest == pytest.approx(alone, rel=1e-12)
    third = np.array([0.3])
    assert red_cell_settling(P).speed(third)[0] == pytest.approx(alone * 0.67**4.65, rel=1e-12)
    # A progenitor of 12 um: sinks in marrow of 1.0469 g/mL, climbs in a bed of 1.0761.
    sinks, climbs = cell_velocity(np.array([0.3, 0.7]), 1065.0, 12e-6, P)
    assert sinks == pytest.approx(-18.1 * 9.80665 * 1.44e-10 / (18 * 1.5e-3 * 2.117), rel=1e-3)
    assert climbs == pytest.approx(11.1 * 9.80665 * 1.44e-10 / (18 * 1.5e-3 * 5.7546), rel=1e-3)
    assert platelet_velocity(np.array([0.5]), P)[0] == pytest.approx(
        -27.0 * 9.80665 * 6.25e-12 / (18 * 1.5e-3) / 4, rel=1e-12
    )


def test_single_red_cells_sink_seven_times_more_slowly() -> None:
    single = P.single()
    assert single.aggregate_diameter == pytest.approx(5.56e-6, rel=2e-3)
    assert red_cell_settling(P).fastest / red_cell_settling(single).fastest == pytest.approx(
        6.8, abs=0.05
    )


def test_a_slice_splits_the_tube() -> None:
    whole = recoveries_of_spin(spin(), 0.3, 0.1, P)
    part = recoveries_of_spin(spin(), 0.3, 0.1, P, 0.15)
    assert float(part.top - part.bottom) == pytest.approx(0.15 * 0.08, rel=1e-12)
    assert float(whole.top) == 0.08
    assert float(part.bottom) < float(part.surface) < float(part.top)
    assert float(part.shares[RED_CELL]) == pytest.approx(0.1, abs=1e-6)
    assert float(part.shares[PLATELET]) < float(whole.shares[PLATELET]) - 0.1
    for name in P.diameter:  # large cells have left the plasma
        assert float(part.shares[name]) == pytest.approx(float(whole.shares[name]), abs=1e-6)
    thin = recoveries_of_spin(spin(), 0.3, 0.1, P, 0.01)
    assert 0.0 < float(thin.shares[RED_CELL]) < 0.1  # thinner than the red cells asked for


def test_samples_are_single_spins_side_by_side() -> None:
    drawn = Reading(catalogue(), Streams(3).named, 40).fill(SettlingParameters)
    haematocrit = np.linspace(0.2, 0.4, 40)
    red_cells = np.full(40, 0.1)
    together = recoveries_of_spin(spin(radius="15 cm"), haematocrit, red_cells, drawn, 0.2)
    assert {share.shape for share in together.shares.values()} == {(40,)}
    for place in (0, 17, 39):
        reading = Reading(catalogue(), Streams(3).named, 40)
        reading.fill(SettlingParameters)
        reading.used = {k: np.ravel(v)[place % np.size(v)] for k, v in reading.used.items()}
        alone = recoveries_of_spin(
            spin(radius="15 cm"), haematocrit[place], 0.1, reading.fill(SettlingParameters), 0.2
        )
        for name, share in alone.shares.items():
            assert float(share) == pytest.approx(together.shares[name][place], abs=1e-9)


def test_every_share_is_one() -> None:
    drawn = Reading(catalogue(), Streams(4).named, 300).fill(SettlingParameters)
    haematocrit = np.random.default_rng(1).uniform(0.05, 0.5, 300)
    for told in ({}, {"g": 50}, {"minutes": 90}):
        found = recoveries_of_spin(spin(**told), haematocrit, 0.2, drawn, 0.3).shares
        for name, share in found.items():
            assert share.min() >= -1e-9, name
            assert share.max() <= 1.0 + 1e-9, name


def test_force_grows_to_the_bottom() -> None:
    turning = spin(radius="10 cm")
    assert relative_force(turning, np.array([0.0, 0.04, 0.08])) == pytest.approx([1.4, 1.0, 0.6])
    assert relative_force(spin(), np.array([0.0, 0.08])).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("told", "haematocrit", "said"),
    [
        ({"column": None}, 0.3, "spin.column: is missing; write how high"),
        ({}, 0.95, "haematocrit: red cells pack at 0.909"),
    ],
)
def test_a_spin_that_cannot_be_is_refused(
    told: dict[str, object], haematocrit: float, said: str
) -> None:
    for of in (
        lambda: recoveries_of_spin(spin(**told), haematocrit, 0.1, P),
        lambda: layers_of_spin(spin(**told), haematocrit, P),
    ):
        with pytest.raises(InputError) as caught:
            of()
        assert said in str(caught.value)


def test_settling_starts_without_jax_and_leaves_it_in_double_precision() -> None:
    script = (
        "import sys, trephine.models.settling; print('jax' in sys.modules);"
        "import jax.numpy; print(jax.numpy.ones(1).dtype)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "float64"]


def test_layers_start_even_and_end_in_order() -> None:
    layers = layers_of_spin(spin(10), 0.3, P, moments=11, mesh=60)
    assert layers.times[0] == 0.0
    assert layers.times[-1] == pytest.approx(600.0)
    np.testing.assert_allclose(layers.riders[0], 1.0)
    np.testing.assert_allclose(layers.red_cells[0], 0.3)
    np.testing.assert_allclose(layers.riders.mean(axis=2), 1.0, rtol=1e-12)
    np.testing.assert_allclose(layers.red_cells.mean(axis=1), 0.3, rtol=1e-12)
    middle = {
        name: float(np.average(layers.heights, weights=row))
        for name, row in zip(layers.names, layers.riders[-1], strict=True)
    }
    order = ["progenitor", "erythroblast", "metamyelocyte", "neutrophil"]
    assert sorted(order, key=middle.__getitem__, reverse=True) == order


def test_the_film_strip_shows_every_layer() -> None:
    layers = layers_of_spin(spin(), 0.3, P, moments=21, mesh=50)
    shares = Reading(catalogue()).fill(SeparationParameters).shares()
    drawn = film_strip(layers, spin(radius="15 cm"), shares, (0.028, 0.04))
    root = ET.fromstring(drawn)  # noqa: S314  (our own picture)
    words = " ".join(node.text or "" for node in root.iter("text"))
    for told in (
        "height in the tube, cm",
        "Plasma",
        "Progenitors",
        "taken",
        "6\u202fmin",
        "15\u202fcm",
    ):
        assert told in words
    assert len(re.findall(r"\bmin\b", words)) == FRAMES
    assert len(drawn) < 60_000
    assert "taken" not in film_strip(layers, spin(), shares)
    moved = replace(layers, riders=layers.riders[:, :, ::-1])
    assert film_strip(moved, spin(), shares) != film_strip(layers, spin(), shares)


def test_colour_grows_with_the_concentration() -> None:
    found = strength(np.array([0.0, 0.5, 1.0, 4.0, 16.0, 100.0]))
    assert found == pytest.approx([0.0, 0.125, 0.25, 0.625, 1.0, 1.0])
