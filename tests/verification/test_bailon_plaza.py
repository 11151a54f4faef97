"""The growth-factor model of 2001 in its own two dimensions: numbers, scenarios, ignition."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest

from trephine.catalogue.load import catalogue
from trephine.models.callus import in_engine_units
from trephine.models.healing import advance
from trephine.models.model import Fast, HealingModel, Strain
from trephine.models.published import growth_factors
from trephine.models.published.bailon_plaza import BAILON_PLAZA, FIELDS, BailonPlazaParameters
from trephine.models.reading import Reading
from trephine.models.term import Numbers, Term
from trephine.models.tissue import Tissue
from trephine.numerics.faces import aperture

REFERENCE = {
    2: (0.184, 0.205, 0.583, 0.300),
    4: (0.310, 0.348, 0.739, 0.275),
    6: (0.442, 0.386, 0.657, 0.398),
    8: (0.934, 0.106, 0.563, 0.700),
}
"""Means of m_b, m_c, c_c and c_b over the domain by time in T0: finite volumes, 0.04 L0.

The reference steps by a first-order splitting, which is late at the ignition (T0 = 6): its own
m_b there was .677, .543, .468 and .442 for steps of .05 down to .0008, so it lies above the
limit. Ours is second order and settled in the step: .433.
"""
NAMES = ("bone_matrix", "connective_matrix", "chondrocyte", "osteoblast")
P: dict[str, Any] = in_engine_units(Reading(catalogue()).fill(BailonPlazaParameters))
EDGE = 0.04
Step = Callable[[dict[str, Any]], dict[str, Any]]


class Quarter(NamedTuple):
    """A quarter of a callus, half the gap as a notch below it, as a slab of one voxel."""

    tissue: Tissue
    fracture: Any
    periosteum: Any


def quarter() -> Quarter:
    """Return a quarter ellipse of 1.3 by 0.8 with a notch of 0.2 by 0.2, in L0."""
    below = round(0.2 / EDGE)
    x = (np.arange(34) + 0.5) * EDGE
    y = (np.arange(below + 21) - below + 0.5) * EDGE
    across, up = np.meshgrid(x, y, indexing="ij")
    callus = ((across / 1.3) ** 2 + (up / 0.8) ** 2 <= 1) & (up > 0)
    inside = callus | ((across < 0.2) & (up < 0) & (up > -0.2))
    fracture, periosteum, outer = (np.zeros(inside.shape) for _ in range(3))
    padded = np.pad(inside, 1)
    for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
        beyond = np.roll(padded, -step, axis=axis)[1:-1, 1:-1]
        wall = inside & ~beyond
        at = [across, up]
        at[axis] = at[axis] + step * EDGE / 2
        fracture += wall & (np.abs(at[0] - 0.2) < 1e-9) & (at[1] < 0)
        periosteum += wall & (np.abs(at[1]) < 1e-9) & (at[0] > 0.4)
        outer += wall & (at[1] > 1e-9) & (at[0] > 1e-9)
    h = EDGE * P["length_scale"]
    ones, walls = (
        jnp.asarray(inside[..., None] * 1.0),
        [jnp.asarray(w[..., None] / h) for w in (fracture, periosteum, outer)],
    )
    none, faces = 0.0 * ones, aperture(ones)
    tissue = Tissue(
        spacing=jnp.asarray(h),
        open=ones,
        apertures=faces,
        wet=ones,
        wet_apertures=faces,
        living_bone=none,
        living_surface=none,
        muscle=none,
        muscle_surface=walls[2],
        dead_surface=none,
    )
    return Quarter(tissue, walls[0], walls[1])


def half_voxel(s: Any, fast: Fast, strain: Strain, tissue: Tissue, p: Numbers) -> Any:
    """Feel walls at the distance of half a voxel, as the reference does."""
    mobility = p["factor_diffusion"] * p["length_scale"] ** 2 / p["time_scale"]
    return growth_factors.felt(s, 2.0 * mobility / tissue.spacing, p)


MODEL = dataclasses.replace(BAILON_PLAZA, feel=half_voxel)


def course(
    times: tuple[float, ...],
    *,
    model: HealingModel = MODEL,
    change: Step = lambda state: state,
    **numbers: float,
) -> dict[float, dict[str, float]]:
    """Return the mean of each field over the domain at some times [T0]."""
    place = quarter()
    p = {**P, **numbers}
    none = 0.0 * place.tissue.open
    state = {field.name: none for field in FIELDS}
    state["connective_matrix"] = p["initial_connective"] * place.tissue.open
    state["fracture_surface"], state["periosteal_surface"] = place.fracture, place.periosteum
    state = change(state)
    fast = Fast({}, jnp.zeros(()))
    step, now, means = 1e-3, 0.0, {}
    for time in times:
        marched = advance(
            model,
            state,
            fast,
            strain=Strain(none, none, none),
            tissue=place.tissue,
            p=p,
            duration=jnp.asarray((time - now) * p["time_scale"]),
            step=jnp.asarray(step),
            longest=jnp.asarray(0.01 * p["time_scale"]),
            tolerance=jnp.asarray(1e-8),
            relative=2e-2,
        )
        assert not bool(marched.failed)
        state, step, now = marched.state, float(marched.step), time
        volume = float(place.tissue.open.sum())
        means[time] = {name: float(u.sum()) / volume for name, u in state.items()}
        assert min(float(u.min()) for u in state.values()) >= 0
    return means


def worst(means: dict[float, dict[str, float]], times: tuple[int, ...] = tuple(REFERENCE)) -> float:
    """Return the largest difference to the reference."""
    return max(
        abs(means[time][name] - wanted)
        for time in times
        for name, wanted in zip(NAMES, REFERENCE[time], strict=True)
    )


def test_the_published_problem_has_its_reference_numbers() -> None:
    means = course(tuple(REFERENCE))
    assert worst(means, (2, 4)) < 0.006
    assert worst(means) < 0.011
    assert means[6]["bone_matrix"] == pytest.approx(0.433, abs=0.002)
    assert means[8]["bone_matrix"] == pytest.approx(0.9305, abs=0.002)


def without_conversion(s: Any, c: Any, tissue: Any, p: Any) -> Any:
    """Lose the chondrocytes that osteoblasts replace."""
    return {"chondrocyte": -c.replacing * s["chondrocyte"]}


def half_the_walls(s: Any, c: Any, tissue: Any, p: Any) -> Any:
    """Take every wall at the distance of a whole voxel."""
    return {name: 0.5 * rate for name, rate in growth_factors.release(s, c, tissue, p).items()}


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("osteoblasts replace chondrocytes", without_conversion),
        ("bone releases factors", half_the_walls),
    ],
)
def test_the_check_rejects_a_broken_term(name: str, broken: Any) -> None:
    terms = tuple(dataclasses.replace(t, rate=broken) if t.name == name else t for t in MODEL.terms)
    means = course((2, 6), model=dataclasses.replace(MODEL, terms=terms))
    assert worst(means, (2, 6)) > 0.014


def test_cells_climb_the_matrix_and_do_not_flee_it() -> None:
    """The public program has the other sign; only a matter of thousandths in the means."""
    s = {f.name: jnp.zeros((5, 1, 1)) for f in FIELDS}
    s["progenitor_host"] = jnp.ones((5, 1, 1))
    s["connective_matrix"] = jnp.linspace(0.1, 0.9, 5).reshape(5, 1, 1)
    ones = jnp.ones((5, 1, 1))
    tissue = quarter().tissue._replace(open=ones, apertures=aperture(ones))
    moved = growth_factors.climb(s, growth_factors.felt(s, jnp.zeros(()), P), tissue, P)
    assert float(moved["progenitor_host"][0, 0, 0]) < 0 < float(moved["progenitor_host"][-1, 0, 0])


def test_without_progenitors_there_is_never_bone() -> None:
    means = course((4,), entering_density=1e-300)[4]
    assert means["bone_matrix"] < 1e-12
    assert means["connective_matrix"] == pytest.approx(0.1, rel=1e-9)


def test_a_short_release_heals_without_cartilage() -> None:
    means = course((4, 9), release_time=0.2)
    assert max(m["chondrocyte"] for m in means.values()) < 1e-3
    assert means[4]["bone_matrix"] == pytest.approx(0.554, abs=0.01)
    assert means[9]["bone_matrix"] > 0.99
    assert means[9]["connective_matrix"] < 0.01


def cells_alone(state: dict[str, Any]) -> dict[str, Any]:
    """Put progenitors everywhere, as an injection does, into a callus without sources."""
    return {**state, "progenitor_injected": 0.5 * quarter().tissue.open}


def test_injected_cells_without_factor_make_cartilage_alone() -> None:
    means = course(
        (15,), change=cells_alone, released_level=1e-300, entering_density=1e-300, entering_time=0
    )
    assert means[15]["bone_matrix"] < 1e-9
    assert means[15]["connective_matrix"] == pytest.approx(0.95, abs=0.02)


def test_injected_cells_with_a_little_factor_unite_within_two_times() -> None:
    def with_residue(state: dict[str, Any]) -> dict[str, Any]:
        return {**cells_alone(state), "osteogenic_factor": 0.05 * quarter().tissue.open}

    def to_what_is_left(s: Any, c: Any, tissue: Any, p: Any) -> Any:
        left = {"osteogenic_factor": p["factor_decay"] / p["time_scale"] * 0.05 * tissue.open}
        gone = growth_factors.decay(s, c, tissue, p)
        return {name: rate + left.get(name, 0.0) for name, rate in gone.items()}

    kept = tuple(t for t in MODEL.terms if t.name != "factors decay")
    decaying = Term(
        "factors decay to what is left",
        to_what_is_left,
        growth_factors.FACTORS,
        None,
        "",
        assumed="a residual of 0.05 g0 is held",
    )
    model = dataclasses.replace(MODEL, terms=(*kept, decaying))
    means = course((2,), model=model, change=with_residue, released_level=1e-300, entering_time=0)
    assert means[2]["bone_matrix"] > 0.9


@pytest.mark.parametrize(("cells", "grows"), [(0.19, False), (0.21, True)])
def test_a_signal_keeps_itself_alive_above_a_fifth_of_the_cells(cells: float, grows: bool) -> None:  # noqa: FBT001
    """The threshold is d_gb H_gb / G_gb = 0.2, whatever else the model says."""
    assert P["factor_decay"] * P["osteogenic_output_half"] / P["osteogenic_output"] == 0.2
    s = {f.name: jnp.zeros((1, 1, 1)) for f in FIELDS}
    s |= {"osteoblast": jnp.full((1, 1, 1), cells), "osteogenic_factor": jnp.full((1, 1, 1), 1e-6)}
    c = growth_factors.felt(s, jnp.zeros(()), P)
    rate = sum(
        float(f(s, c, quarter().tissue, P)["osteogenic_factor"][0, 0, 0])
        for f in (growth_factors.secrete, growth_factors.decay)
    )
    assert (rate > 0) is grows
