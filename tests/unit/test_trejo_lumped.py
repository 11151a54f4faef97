"""The published macrophage model as a healing model: uniform, and as published."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from trephine.case.case import read
from trephine.case.settings import Settings
from trephine.catalogue.load import catalogue
from trephine.cli.example import file
from trephine.intake.site import anatomy as place
from trephine.models import trejo
from trephine.models.beliefs import Beliefs
from trephine.models.callus import in_engine_units, tissue_of
from trephine.models.healing import advance, balanced
from trephine.models.model import Fast, Strain
from trephine.models.reading import Reading
from trephine.models.trejo_lumped import TREJO

CASE = read(str(file("femur-nonunion")))
COARSE = Settings.model_validate({"voxel": "4 mm", "margin_axial": "10 mm"})
P = in_engine_units(Reading(catalogue()).fill(trejo.TrejoParameters))
MODULI = in_engine_units(Beliefs.printed().heal.modulus)


def after(days: float) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """Return the state after some days by the engine, and where tissue heals."""
    anatomy = place(CASE.site, COARSE)
    tissue = tissue_of(anatomy, CASE.site.biology)
    begun = TREJO.begin(anatomy, CASE.site.biology, P)
    shape = tissue.open.shape
    fast = balanced(
        TREJO, begun, tissue, P, Fast(TREJO.at_rest(shape, P), jnp.zeros(())), jnp.asarray(1e-5)
    )
    marched = advance(
        TREJO,
        begun,
        fast,
        strain=Strain(*(jnp.zeros(shape) for _ in Strain._fields)),
        tissue=tissue,
        p=P,
        duration=jnp.asarray(days),
        step=jnp.asarray(0.01),
        longest=jnp.asarray(0.25),
        tolerance=jnp.asarray(1e-5),
        relative=1e-4,
    )
    assert not bool(marched.failed)
    return marched.state, np.asarray(tissue.open) > 0


def test_every_voxel_does_what_the_published_equations_do() -> None:
    state, heals = after(12.0)
    one = trejo.advance(trejo.start(P), 12.0, P).state
    for name in trejo.FIELDS:
        values = np.asarray(state[name])
        assert np.ptp(values[heals]) == 0.0
        assert np.all(values[~heals] == 0.0)
        assert values[heals][0] == pytest.approx(float(one[name]), rel=2e-3), name


def test_the_terms_touch_what_they_say_and_keep_the_cells_they_move() -> None:
    state = trejo.advance(trejo.start(P), 6.0, P).state
    for term in TREJO.terms:
        rates = term.rate(state, None, None, P)
        assert set(rates) == set(term.touches), term.name
        if term.conserves == "cells":
            largest = max(abs(float(rate)) for rate in rates.values())
            assert abs(float(sum(rates.values()))) <= 1e-12 * largest, term.name


def test_it_stiffens_with_bone() -> None:
    numbers = {f"{name}_modulus": value for name, value in MODULI.items()}
    numbers["bone_poisson"] = 0.3
    state = {name: jnp.zeros(2) for name in trejo.FIELDS} | {"bone": jnp.asarray([0.0, 1.0])}
    modulus = np.asarray(TREJO.elastic(state, numbers).modulus)
    assert modulus[0] == pytest.approx(MODULI["ground"])
    assert modulus[1] == pytest.approx(MODULI["ground"] + MODULI["bone"])
    assert {k: float(u[1]) for k, u in TREJO.shown(state).items()} == {
        "fibrous": 0.0,
        "cartilage": 0.0,
        "woven": 1.0,
        "mineralised": 1.0,
    }


def test_its_fields_are_those_of_the_published_model() -> None:
    assert TREJO.names == trejo.FIELDS
    counted = {field.name: field.counted for field in TREJO.fields}
    assert counted["debris"] == "cells"
    assert counted["calming_cytokine"] is None
    assert counted["bone"] == "volume"
