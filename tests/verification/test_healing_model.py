"""The healing model against closed formulas: dose threshold, invasion front, budgets."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from trephine.catalogue.load import catalogue
from trephine.models.callus import CALLUS, CallusParameters, in_engine_units
from trephine.models.healing import advance, rates_of
from trephine.models.model import Fast, HealingModel, Strain
from trephine.models.reading import Reading
from trephine.models.signal import dose_threshold
from trephine.models.term import Term
from trephine.models.tissue import MATRIX, Tissue, conditions
from trephine.numerics.faces import aperture

Numbers = dict[str, Any]


@pytest.fixture(scope="module")
def p() -> Numbers:
    return dict(in_engine_units(Reading(catalogue()).fill(CallusParameters)))


def column(n: int, h: float) -> Tissue:
    """Return a column of open, well-perfused tissue with no surface."""
    shape = (1, 1, n)
    ones, none = jnp.ones(shape), jnp.zeros(shape)
    faces = aperture(ones)
    return Tissue(jnp.asarray(h), ones, faces, ones, faces, none, none, none, none, none)


def state_of(n: int, **values: Any) -> dict[str, Any]:
    shape = (1, 1, n)
    return {
        name: jnp.broadcast_to(jnp.asarray(values.get(name, 0.0)), shape) for name in CALLUS.names
    }


def strain_of(distortion: Any) -> Strain:
    return Strain(distortion, 0.0 * distortion, 0.0 * distortion)


def run(
    p: Numbers, tissue: Tissue, state: dict[str, Any], days: float, model: HealingModel = CALLUS
) -> Any:
    shape = tissue.open.shape
    fast = Fast({"oxygen": jnp.full(shape, 40.0), "signal": jnp.zeros(shape)}, jnp.asarray(0.0))
    return advance(
        model,
        state,
        fast,
        strain=strain_of(jnp.full(shape, 0.02)),
        tissue=tissue,
        p=p,
        duration=jnp.asarray(days),
        step=jnp.asarray(0.05),
        longest=jnp.asarray(0.1),
        tolerance=jnp.asarray(1e-8),
        relative=1e-3,
    )


UNIFORM = CALLUS.without(
    "progenitors wander",
    "progenitors climb soft matrix",
    "progenitors follow the signal",
    "fibroblasts wander",
    "vessels spread",
    "vessels enter from living surfaces",
    "host progenitors arrive",
)
"""The model in tissue that is the same everywhere: nothing moves."""


def simulated_threshold(p: Numbers, days: float = 120.0) -> float:
    """Return the least density that makes bone in uniform tissue, by bisection [1e6/mL]."""
    low, high = 1e-4, 1e-1
    tissue = column(1, 1.0)
    for _ in range(14):
        middle = float(np.sqrt(low * high))
        state = state_of(1, progenitor_injected=middle, perfusion=1.0, fibrous=0.5)
        made = float(run(p, tissue, state, days, UNIFORM).state["woven"].max())
        low, high = (low, middle) if made > 0.05 else (middle, high)
    return float(np.sqrt(low * high))


def test_the_dose_threshold_is_the_closed_formula(p: Numbers) -> None:
    """(U16) with the values of the specification: m* = 1.72e-3 at s_m = 6e3, within 5 %."""
    oxygenated = 39.0**2 / (39.0**2 + p["osteogenic_oxygen"] ** 2)
    formula, response = dose_threshold(p, oxygenated)
    assert response == pytest.approx(0.516, abs=0.001)
    assert formula == pytest.approx(1.72e-3, rel=0.005)
    assert simulated_threshold(p) == pytest.approx(formula, rel=0.05)


def test_the_check_rejects_a_model_without_its_default_fate(p: Numbers) -> None:
    """Without commitment to fibrous tissue the untreated state is unstable: no threshold."""
    twin = p | {"to_fibrous": 0.0}
    formula, _ = dose_threshold(p, 0.94)
    assert simulated_threshold(twin) < 0.5 * formula


def front_speed(p: Numbers) -> float:
    """Return how fast growing, wandering progenitors invade empty tissue [mm/d]."""
    n, h = 400, 0.1
    tissue = column(n, h)
    seed = jnp.where(jnp.arange(n) < 20, 0.5, 0.0).reshape(1, 1, n)
    numbers = p | {"unsignalled_growth": 1.0}
    kept = {"progenitors wander", "progenitors divide"}
    model = CALLUS.without(*(t.name for t in CALLUS.terms if t.name not in kept))
    state = state_of(n, progenitor_injected=seed, perfusion=1.0)
    places = []
    for days in (14.0, 28.0):
        density = np.asarray(run(numbers, tissue, state, days, model).state["progenitor_injected"])
        places.append(np.interp(-0.5, -density.ravel(), (np.arange(n) + 0.5) * h))
    return float((places[1] - places[0]) / 14.0)


def test_progenitors_invade_at_the_speed_of_fisher_and_kolmogorov(p: Numbers) -> None:
    r"""The front runs at 2 sqrt(D r), less 3/(2t) sqrt(D/r) while it still forms."""
    d, r = p["progenitor_motility"], p["progenitor_growth"]
    late = 1.5 / 14.0 * np.log(28.0 / 14.0) * np.sqrt(d / r)
    expected = 2 * np.sqrt(d * r) - late
    assert expected == pytest.approx(0.763, abs=0.005)
    assert front_speed(p) == pytest.approx(expected, rel=0.03)


def test_the_check_rejects_half_the_motility(p: Numbers) -> None:
    slow = p | {"progenitor_motility": 0.5 * p["progenitor_motility"]}
    assert front_speed(slow) != pytest.approx(0.763, rel=0.03)


def random_state(rng: np.random.Generator, shape: tuple[int, int, int]) -> dict[str, Any]:
    parts = rng.dirichlet(np.ones(len(MATRIX) + 1), size=shape)
    state = {name: jnp.asarray(rng.random(shape)) for name in CALLUS.names}
    for i, name in enumerate(MATRIX):
        state[name] = jnp.asarray(parts[..., i])
    state["mineralised"] = state["lamellar"] + state["mineralised"] * state["woven"]
    return state


def random_tissue(rng: np.random.Generator, shape: tuple[int, int, int]) -> Tissue:
    share = jnp.asarray(rng.random(shape))
    surface = jnp.asarray(rng.random(shape))
    faces = aperture(share)
    return Tissue(
        jnp.asarray(0.8),
        share,
        faces,
        jnp.ones(shape),
        aperture(jnp.ones(shape)),
        0.0 * share,
        surface,
        1.0 - share,
        surface,
        0.5 * surface,
    )


@pytest.mark.parametrize("term", CALLUS.terms, ids=lambda term: term.name)
def test_a_term_touches_and_conserves_what_it_says(term: Term, p: Numbers) -> None:
    rng = np.random.default_rng(5)
    shape = (4, 5, 3)
    state, tissue = random_state(rng, shape), random_tissue(rng, shape)
    state["progenitor_host"] = 1e-4 * p["host_level"] * state["progenitor_host"]
    strain = jnp.asarray(0.3 * rng.random(shape) ** 6)
    oxygen, signal = jnp.asarray(40 * rng.random(shape)), jnp.asarray(rng.random(shape))
    felt = conditions(state, oxygen, signal, strain, tissue, p)
    rates = term.rate(state, felt, tissue, p)
    assert set(rates) == set(term.touches)
    assert any(float(jnp.max(jnp.abs(rate))) > 0 for rate in rates.values())
    if term.conserves == "total":
        for rate in rates.values():
            assert float(jnp.sum(rate * tissue.open)) == pytest.approx(0.0, abs=1e-12)
    elif term.conserves is not None:
        assert float(jnp.max(jnp.abs(sum(rates.values())))) < 1e-15


def test_matrix_terms_never_overfill_a_voxel(p: Numbers) -> None:
    """In a voxel that is full, nothing adds volume."""
    rng = np.random.default_rng(6)
    shape = (4, 5, 3)
    state, tissue = random_state(rng, shape), random_tissue(rng, shape)
    filled = sum(state[n] for n in MATRIX)
    for name in (*MATRIX, "mineralised"):
        state[name] = state[name] / filled
    fast = Fast({"oxygen": jnp.full(shape, 30.0), "signal": jnp.full(shape, 2.0)}, jnp.asarray(0.0))
    total, _ = rates_of(CALLUS, state, fast, strain_of(0.0 * tissue.open), tissue, p)
    growth = sum(total[n] for n in MATRIX)
    assert float(jnp.max(growth)) <= 1e-12


def test_a_march_of_the_whole_model_accounts_for_every_cell(p: Numbers) -> None:
    n = 24
    tissue = column(n, 0.5)
    seed = jnp.exp(-((jnp.arange(n) - 8.0) ** 2) / 9.0).reshape(1, 1, n) * 0.01
    state = state_of(n, progenitor_injected=seed, perfusion=0.4, fibrous=0.3, fibroblast=0.2)
    marched = run(p, tissue, state, 20.0)
    for field in CALLUS.names:
        change = float(jnp.sum(marched.state[field] - state[field]) * 0.5**3)
        entered = sum(float(v) for k, v in marched.ledger.items() if k.startswith(f"{field}/"))
        scale = sum(abs(float(v)) for k, v in marched.ledger.items() if k.startswith(f"{field}/"))
        assert abs(change - entered) <= 1e-10 * max(scale, 1e-9), field
    assert all(float(marched.state[name].min()) >= 0 for name in CALLUS.names)


def test_without_any_signal_no_cell_makes_bone(p: Numbers) -> None:
    """Many cells, no signal: the model makes scar, as the published one does."""
    mute = p | {"progenitor_signal": 0.0, "osteoblast_signal": 0.0, "scaffold_signal": 0.0}
    state = state_of(1, progenitor_injected=0.5, perfusion=1.0)
    marched = run(mute, column(1, 1.0), state, 90.0, UNIFORM)
    assert float(marched.state["woven"].max()) == 0.0
    assert float(marched.state["fibrous"].max()) > 0.5
