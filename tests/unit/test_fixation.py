"""Implants: what a case may say of them, and which stiffness it gets for it."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.fixation import Fixation
from trephine.case.loading import Load, Loading
from trephine.case.plan import Plan
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.models import implants
from trephine.models.fixation import (
    MOTIONS,
    FixationParameters,
    force,
    in_si,
    metal,
    problems,
    springs,
    stiffness_matrix,
)
from trephine.models.reading import Reading

FACTS = catalogue()
P = Reading(FACTS).fill(FixationParameters)
DEGREE = math.pi / 180
NAIL = {"kind": "nail", "nail_diameter": "11 mm"}
KINDS: list[dict[str, Any]] = [
    NAIL,
    {**NAIL, "locking": "sliding"},
    {**NAIL, "locking": "press_fit"},
    {**NAIL, "alloy": "steel"},
    {"kind": "plate"},
    {"kind": "unilateral_fixator"},
    {"kind": "ring_fixator"},
    {"kind": "cast", "axial_stiffness": "60 N/mm"},
]
GIVEN = {
    "axial_stiffness": "900 N/mm",
    "shear_stiffness": "300 N/mm",
    "bending_stiffness": "7 N*m/deg",
    "torsional_stiffness": "2 N*m/deg",
}


def made(**data: Any) -> Fixation:
    return validate(Fixation, data, "a test")


def diagonal(**data: Any) -> dict[str, float]:
    matrix = stiffness_matrix(made(**data), P)
    return dict(zip(MOTIONS, np.diag(matrix), strict=True))


@pytest.mark.parametrize("data", KINDS, ids=str)
def test_the_matrix_is_symmetric_and_takes_work_in_no_motion(data: dict[str, Any]) -> None:
    matrix = stiffness_matrix(made(**data), P)
    assert matrix.shape == (6, 6)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).min() >= 0.0


@pytest.mark.parametrize("data", KINDS, ids=str)
def test_a_fixation_reads_back_what_it_writes(data: dict[str, Any]) -> None:
    fixation = made(**data)
    assert made(**fixation.as_written()) == fixation


def test_what_goes_without_saying_is_written_down() -> None:
    assert made(**NAIL).as_written()["locking"] == "locked"
    assert made(**NAIL).as_written()["alloy"] == "titanium"
    assert made(kind="plate").as_written() == {"kind": "plate", "alloy": "steel"}


def test_a_sliding_nail_keeps_all_but_its_axial_spring() -> None:
    locked, sliding = diagonal(**NAIL), diagonal(**NAIL, locking="sliding")
    assert locked["axial"] == pytest.approx(2782)
    assert sliding == locked | {"axial": 0.0}


def test_a_press_fit_nail_is_metal_and_no_spring() -> None:
    press_fit = made(**NAIL, locking="press_fit")
    assert not stiffness_matrix(press_fit, P).any()
    assert metal(press_fit, P) == {
        "metal_modulus": pytest.approx(113760),
        "metal_poisson": pytest.approx(0.34),
    }
    steel = made(**NAIL, locking="press_fit", alloy="steel")
    assert metal(steel, P)["metal_modulus"] == pytest.approx(192360)
    for other in (made(**NAIL), made(**NAIL, locking="sliding"), made(kind="plate")):
        assert metal(other, P) == {"metal_modulus": 0.0, "metal_poisson": 0.0}


@pytest.mark.parametrize("kind", ["nail", "plate", "unilateral_fixator", "ring_fixator", "cast"])
def test_what_a_case_states_goes_before_what_is_published(kind: str) -> None:
    shape = {"nail_diameter": "11 mm"} if kind == "nail" else {}
    stated = springs(made(kind=kind, **shape, **GIVEN), P)
    wanted = (9e5, 3e5, 7 / DEGREE, 2 / DEGREE)
    assert stated == pytest.approx(wanted, rel=1e-14)


EVIDENCE = {
    "unilateral frame": ("528 N/mm", "0.512 N*m/deg"),
    "steel plate worn outside": ("525 N/mm", "0.686 N*m/deg"),
    "titanium plate worn outside": ("469 N/mm", "0.639 N*m/deg"),
}


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_published_construct_keeps_its_numbers_through_the_engine(name: str) -> None:
    axial, torsional = EVIDENCE[name]
    stated = (
        {}
        if name == "unilateral frame"
        else {
            "axial_stiffness": axial,
            "torsional_stiffness": torsional,
        }
    )
    found = diagonal(kind="unilateral_fixator", **stated)
    printed = float(axial.split()[0]), float(torsional.split()[0])
    assert found["axial"] == pytest.approx(printed[0], rel=1e-12)
    assert found["torsion"] * 1e-3 * DEGREE == pytest.approx(printed[1], rel=1e-12)
    # Degrees taken for radians, or the other way round, would be off by more than fifty times.
    assert found["torsion"] * 1e-3 != pytest.approx(printed[1], rel=0.5)
    key = {"steel plate worn outside": "steel", "titanium plate worn outside": "titanium"}
    if name in key:
        records = FACTS.section("fixation")
        along = records[f"axial_stiffness_of_external_plates.{key[name]}"]
        about = records[f"torsional_stiffness_of_external_plates.{key[name]}"]
        assert (along.printed, about.printed) == printed
        assert {along.role, about.role} == {"context"}


def test_in_si_the_same_work_is_done() -> None:
    rng = np.random.default_rng(5)
    root = rng.normal(size=(6, 6))
    engine, move_mm = root @ root.T, rng.normal(size=6)
    move = move_mm * np.repeat([1e-3, 1.0], 3)
    work = 0.5 * move_mm @ engine @ move_mm * 1e-3
    assert 0.5 * move @ in_si(engine) @ move == pytest.approx(work, rel=1e-13)
    np.testing.assert_allclose(in_si(engine), in_si(engine).T, rtol=1e-14)
    assert in_si(np.eye(6))[0, 0] == pytest.approx(1e3)
    assert in_si(np.eye(6))[5, 5] == pytest.approx(1e-3)
    assert in_si(np.ones((6, 6)))[0, 5] == pytest.approx(1.0)


def test_stiffer_geometry_is_stiffer_in_every_kind() -> None:
    titanium, steel = P.alloy["titanium"], P.alloy["steel"]
    for thin, thick in itertools.pairwise((8e-3, 9e-3, 11e-3)):
        assert implants.nail(thin, P.nail, steel) < implants.nail(thick, P.nail, steel)
    pairs = zip(implants.plate(P.plate, titanium), implants.plate(P.plate, steel), strict=True)
    assert all(soft < stiff for soft, stiff in pairs)
    wires, frame = implants.ring(P.ring_fixator, steel), P.ring_fixator
    assert wires.axial < frame.frame_axial
    assert wires.bending < frame.frame_bending
    assert wires.torsion < frame.frame_torsion


WRONG = [
    ({"kind": "external_fixator"}, "write 'unilateral_fixator' or 'ring_fixator'"),
    ({"kind": "plate", "locking": "sliding"}, "locking does not belong to a plate"),
    (
        {"kind": "cast", "axial_stiffness": "60 N/mm", "alloy": "steel"},
        "alloy does not belong to a cast",
    ),
    (
        {**NAIL, "locking": "sliding", "axial_stiffness": "900 N/mm"},
        "a sliding nail gives way along the shaft; leave axial_stiffness out",
    ),
    (
        {**NAIL, "locking": "press_fit", "bending_stiffness": "7 N*m/deg"},
        "a press-fit nail acts through the bone it is wedged in; leave bending_stiffness out",
    ),
    (
        {**NAIL, "locking": "loose"},
        "locking: 'loose' is not accepted; write 'locked', 'sliding' or 'press_fit'",
    ),
    (
        {"kind": "plate", "torsional_stiffness": "2 N/mm"},
        "'2 N/mm' is not a rotational stiffness; write for example '0.5 N*m/deg'",
    ),
    (
        {"kind": "plate", "bending_stiffness": "-1 N*m/deg"},
        "bending_stiffness: must be at least 0 N*m/deg",
    ),
]


@pytest.mark.parametrize(("data", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_makes_no_sense_is_refused(data: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        made(**data)
    assert said in str(caught.value)


def plan(**load: Any) -> Plan:
    step = {"kind": "loading", "day": "0 d", "body_weights": 1.0, **load}
    return validate(Plan, {"steps": [step]}, "a test")


def test_a_load_on_what_nobody_knows_of_a_cast_is_refused_before_the_run() -> None:
    cast = made(kind="cast", axial_stiffness="60 N/mm")
    assert problems(cast, plan(), P) == []
    found = problems(cast, plan(shear=0.2, bending="5 N*m", torsion="-1 N*m"), P)
    assert [problem.place for problem in found] == [
        "site.fixation.shear_stiffness",
        "site.fixation.bending_stiffness",
        "site.fixation.torsional_stiffness",
    ]
    assert "give bending_stiffness, for example '5 N*m/deg'" in found[1].message
    known = made(kind="cast", **GIVEN)
    assert problems(known, plan(shear=0.2, bending="5 N*m", torsion="-1 N*m"), P) == []
    assert problems(made(kind="plate"), plan(shear=0.2), P) == []


def test_a_nail_without_a_wall_is_refused_before_the_run() -> None:
    thin = made(kind="nail", nail_diameter="3.5 mm")
    assert "bore of 3.96 mm" in problems(thin, plan(), P)[0].message
    with pytest.raises(InputError, match="no wall"):
        springs(thin, P)
    wedged = made(kind="nail", nail_diameter="3.5 mm", locking="press_fit")
    assert problems(wedged, plan(), P) == []


def test_a_load_becomes_forces_and_moments_in_the_order_of_the_motions() -> None:
    found = dict(zip(MOTIONS, force(Load(2.0, 0.5, 10.0, -4.0), weight=700.0), strict=True))
    assert found == {
        "axial": 1400.0,
        "shear_x": 0.0,
        "shear_y": 350.0,
        "bending_x": 10_000.0,
        "bending_y": 0.0,
        "torsion": -4_000.0,
    }


def test_a_plan_tells_the_load_of_a_day_and_old_steps_stay_valid() -> None:
    steps = [
        {"kind": "loading", "day": "42 d", "body_weights": 3.1, "shear": 0.6, "torsion": "8 N*m"},
        {"kind": "loading", "day": "0 d", "body_weights": 0.25},
    ]
    both = validate(Plan, {"steps": steps}, "a test")
    assert both.load(0.0) == Load(0.25)
    assert both.load(50 * 86400.0) == Load(3.1, 0.6, 0.0, 8.0)
    assert both.body_weights(50 * 86400.0) == 3.1
    assert both.load(-1.0) == Load()
    old = validate(Loading, {"kind": "loading", "day": "0 d", "body_weights": 1.0}, "a test")
    assert old.load == Load(1.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("shear", 5, "shear: must be at most 4"),
        ("bending", 20, "bending: write the unit, for example '10 N*m'"),
        ("torsion", "301 N*m", "torsion: must be at most 300 N*m"),
        ("body_weights", -1, "body_weights: must be at least 0"),
    ],
)
def test_each_part_of_a_load_is_checked(key: str, value: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        plan(**{key: value})
    assert said in str(caught.value)
