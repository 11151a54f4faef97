"""A made-up but plausible run, so that the report can be tested without computing a course."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import trephine
from trephine.case.anatomy import Anatomy
from trephine.case.aspirate import Aspirate, Draw
from trephine.case.case import read
from trephine.case.concentrate import Concentrate
from trephine.case.course import HealingCourse
from trephine.case.followup import FollowUp
from trephine.case.graft import Graft, Loss
from trephine.case.run import Run, Treatment
from trephine.case.settings import Settings
from trephine.case.suspension import Suspension
from trephine.catalogue.load import catalogue
from trephine.core.grid import Grid
from trephine.core.provenance import Provenance, libraries, machine
from trephine.core.types import Budget, Ending
from trephine.core.units import base_factor

Array = NDArray[np.float64]

EXAMPLE = Path(trephine.__path__[0]) / "cli" / "examples" / "femur-nonunion.toml"
SHAPE, VOXEL = (34, 34, 36), 1.5e-3
OUTER, CANAL, NAIL, GAP = 14.5e-3, 7e-3, 5.5e-3, 4e-3
WEEKS = np.arange(27.0)


STIFFNESS = (4e7, 9e6, 9e6, 2.5e3, 2.5e3, 1.8e3)
"""Stiffness of the healed tissue in six ways [N/m and N*m/rad]."""


def sigmoid(value: Array | float) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(value, dtype=float))))


@cache
def synthetic_anatomy() -> Anatomy:
    low = [-(n - 1) / 2 * VOXEL for n in SHAPE]
    grid = Grid(SHAPE, VOXEL, (low[0], low[1], low[2]))
    x, y, z = grid.centres()
    inside = {
        name: np.clip(0.5 + (radius - np.hypot(x * 1.04, y / 1.04)) / VOXEL, 0, 1)
        for name, radius in {"outer": OUTER, "canal": CANAL, "near": OUTER + 7e-3}.items()
    }
    nail = np.clip(0.5 + (NAIL - np.hypot(x, y)) / VOXEL, 0, 1) * np.ones_like(z)
    slab = np.clip(0.5 + (GAP / 2 - np.abs(z - y * 0.17)) / VOXEL, 0, 1)
    wall = inside["outer"] - inside["canal"]
    full = np.ones(SHAPE)
    bone = wall * (1 - slab)
    return Anatomy(
        grid=grid,
        bone=bone,
        metal=nail * full,
        canal=(inside["canal"] - nail) * (1 - slab),
        gap=(inside["outer"] - nail) * slab,
        callus=(inside["near"] - inside["outer"]) * full,
        cortex_removed=wall * slab,
        hounsfield=1900 * bone + 40 * (1 - bone),
        outer_radius=OUTER,
        canal_radius=CANAL,
        gap_width=GAP,
        tilt=0.17,
        virtual=False,
    )


def synthetic_fields(anatomy: Anatomy, *, heals: bool) -> dict[str, Array]:
    x, y, z = anatomy.grid.centres()
    r = np.hypot(x, y)
    week = WEEKS[:, None, None, None]
    open_ = anatomy.open[None] > 0.02
    reach = np.exp(-((np.abs(z) / 9e-3) ** 2) - (np.maximum(r - OUTER, 0) / 3.2e-3) ** 2)
    reach = (reach * (0.75 + 0.35 * x / 0.025))[None] * (anatomy.canal < 0.5)[None]
    vigour = 1.0 if heals else 0.25
    woven = vigour * reach * sigmoid((week - 9 - 400 * np.abs(z)) / 1.8)
    cartilage = 0.7 * reach * sigmoid((week - 3.5) / 0.8) * (1 - sigmoid((week - 11) / 1.6))
    gap = (anatomy.gap > 0.3)[None]
    fibrous = np.where(gap, 0.5, 0.1) * (1 - sigmoid((week - 8) / 2) * vigour)
    total = np.maximum(woven + cartilage + fibrous, 1.0)
    fill = reach * np.where(gap, 1.0, 0.5)
    cells = 0.004 * fill * np.exp(-week / 8) + 0.05 * reach * np.exp(-(((week - 6) / 4) ** 2))
    perfusion = np.clip(0.1 + 0.9 * sigmoid((week - 5) / 2) * np.exp(-np.abs(z) / 2e-2), 0, 1)
    strain = 0.09 * reach * np.exp(-week / 6)
    raw: dict[str, Array] = {
        "progenitor_host": 2e-4 + 0.3 * cells,
        "progenitor_injected": cells,
        "fibroblast": 0.1 * fibrous,
        "chondrocyte": 0.4 * cartilage,
        "osteoblast": 0.3 * woven * (1.3 - woven),
        "inert_nucleated": 12 * fill * np.exp(-week / 1.2),
        "perfusion": perfusion,
        "fibrous": fibrous / total,
        "cartilage": cartilage / total,
        "woven": woven / total * (1 - 0.2 * sigmoid((week - 11) / 2) * sigmoid((week - 20) / 2)),
        "mineralised": woven / total * sigmoid((week - 11) / 2),
        "clot": 0.3 * fill * np.exp(-week / 2),
        "demineralised_bone": 0.15 * fill * sigmoid((week - 4.2) * 6) * np.exp(-(week - 4) / 30),
        "oxygen": 8 + 40 * perfusion,
        "signal": 4 * cells / 0.02 + 0.2 * woven,
        "strain": strain,
        "lamellar": 0.2 * woven / total * sigmoid((week - 11) / 2) * sigmoid((week - 20) / 2),
        "dilatation": -0.3 * strain + 0.02 * reach * (x > 0) * np.exp(-week / 6),
        "pressure": 400 * strain * np.sign(z + 4e-3),
        "ceramic": np.zeros(1),
    }
    shape = (WEEKS.size, *SHAPE)
    return {name: np.where(open_, np.broadcast_to(v, shape), 0.0) for name, v in raw.items()}


def synthetic_course(anatomy: Anatomy, *, heals: bool) -> HealingCourse:
    fields = synthetic_fields(anatomy, heals=heals)
    week = WEEKS
    union = sigmoid((week - 12) / 2) if heals else 0.02 * sigmoid((week - 12) / 2)
    stiffness = 2e4 + 1.4e7 * union
    force = 785.0 * np.where(week < 6, 0.25, np.where(week < 12, 0.6, 1.2))
    volume = anatomy.open * anatomy.grid.voxel_volume * 1e6
    spent = {}
    for name, scale in (("progenitor_host", 0.4), ("progenitor_injected", 1.0)):
        spent |= {
            f"{name}/injection": scale * 0.05 * (1.0 + 3 * (week > 4)) * (scale == 1.0),
            f"{name}/influx from the bone ends": 0.01 * week * (scale < 1),
            f"{name}/proliferation": scale * 0.9 * sigmoid((week - 5) / 1.5),
            f"{name}/to osteoblasts": -scale * 0.45 * sigmoid((week - 7) / 2),
            f"{name}/to chondrocytes": -scale * 0.2 * sigmoid((week - 4) / 1),
            f"{name}/to fibroblasts": -scale * 0.12 * sigmoid((week - 6) / 2),
            f"{name}/death": -scale * 0.2 * sigmoid((week - 8) / 3),
        }
    spent["woven/bone forms"] = 4.0 * union
    spent["oxygen/vessels bring oxygen"] = 300.0 * week
    made = float((fields["woven"][-1] * volume).sum())
    return HealingCourse(
        day=week * 7,
        fields=fields,
        stiffness=stiffness,
        movement=force / (stiffness + 3e6),
        force=force,
        fixation_stiffness=3e6,
        examined=week[[0, -1]] * 7.0,
        stiffness_matrix=np.stack([np.diag(STIFFNESS) * share for share in (1e-3, 1.0)]),
        fixation_matrix=np.diag([3e6, 5e5, 5e5, 900.0, 900.0, 30.0]),
        spent=spent,
        budgets=(
            Budget(
                "progenitors, injected",
                "1e6 cells",
                {"injection": 0.2, "proliferation": 0.9},
                {"to osteoblasts": 0.45, "to chondrocytes": 0.2, "death": 0.35, "remain": 0.1},
            ),
            Budget("woven bone", "mL", {"formed": made}, {"remains": made * (1 + 3e-9)}),
        ),
    )


def film(anatomy: Anatomy, bone: Array, axis: int) -> Array:
    depth = (bone * 0.6 + 0.2 + anatomy.metal * 6).sum(axis=axis + 1) * VOXEL * 100 * 0.55
    signal = np.exp(-depth).transpose(0, 2, 1)[:, ::-1, :]
    fine: Array = np.repeat(np.repeat(signal, 2, axis=1), 2, axis=2)
    noise = np.random.default_rng(1).normal(0, 0.004, fine.shape)
    return np.clip(fine + noise, 1e-4, 1.2)


def synthetic_follow_up(anatomy: Anatomy, course: HealingCourse, *, heals: bool) -> FollowUp:
    new = course.fields["mineralised"] * anatomy.open
    bone = anatomy.bone[None] + new
    delays = np.array([0.0, 2.0, -1.5, 1.0])
    steps = np.stack([WEEKS + d for d in delays], axis=1)
    score = 1.0 + (steps > 5) + ((steps > 11) + 0 * steps + (steps > 20) if heals else 0)
    score = np.asarray(score, dtype=float)
    bridged = (score >= 3).sum(axis=1).astype(float)
    united = np.flatnonzero(bridged >= 3)
    return FollowUp(
        week=WEEKS,
        radiograph_ap=film(anatomy, bone, 1),
        radiograph_lateral=film(anatomy, bone, 0),
        pixel=VOXEL / 2,
        cortex_score=score,
        mrust=score.sum(axis=1),
        callus_volume=new.sum(axis=(1, 2, 3)) * anatomy.grid.voxel_volume,
        bridged=bridged,
        union_week=float(WEEKS[united[0]]) if heals else None,
        ending=Ending.UNITED if heals else Ending.NOT_UNITED,
    )


def synthetic_treatment(anatomy: Anatomy, day: float, *, cultured: bool) -> Treatment:
    drawn = Suspension(10e-6 if cultured else 68e-6, 1.1e9, 9.2e4, 5e9, 20e-6, 8e-6)
    product = Suspension(
        6e-6 if cultured else 10e-6, 4.6e8, 2e7 if cultured else 6.1e4, 3e9, 2e-6, 0
    )
    open_gap = np.minimum(anatomy.gap + 0.4 * anatomy.callus, anatomy.open)
    x, y, z = anatomy.grid.centres()
    fill = open_gap * np.exp(-((z / 8e-3) ** 2)) * np.ones_like(x * y)
    kept = product.progenitors * 0.33
    density = fill / fill.sum() / anatomy.grid.voxel_volume
    names = ("in the syringe", "after the needle", "at the target", "after the track", "taken up")
    shares = (1.0, 0.97, 0.95, 0.9, 0.81)
    funnel = [
        Loss("marrow drawn", drawn.progenitors, drawn.nucleated),
        Loss("product", product.progenitors, product.nucleated),
        *(
            Loss(name, product.progenitors * s, product.nucleated * s)
            for name, s in zip(names, shares, strict=True)
        ),
        Loss("retained after a day", kept, product.nucleated * 0.3),
    ]
    budget = Budget(
        "progenitors",
        "1",
        {"product": product.progenitors},
        {"lost": 0.67 * product.progenitors, "stay": kept},
    )
    draw = Draw(5e-6, 0.5, 1e8, 8e3)
    return Treatment(
        Aspirate(drawn, (draw,) * (2 if cultured else 12), ()),
        Concentrate(product, "culture" if cultured else "buffy coat", 0.67, 0.85, cultured, ()),
        Graft(
            day=day * 86400,
            fill=fill,
            progenitors=density * kept,
            nucleated=density * product.nucleated * 0.3,
            clot=fill * 0.5,
            demineralised_bone=fill * (0.2 if cultured else 0.0),
            cultured=cultured,
            funnel=tuple(funnel),
            budgets=(budget,),
        ),
    )


def used_records() -> dict[str, float]:
    return {k: r.printed * base_factor(r.unit) for k, r in catalogue().records.items()}


@cache
def synthetic_run(*, heals: bool = True, injections: bool = True) -> Run:
    """Return a run whose numbers are drawn freehand; nothing in it was computed by a model."""
    case = read(EXAMPLE)
    if not injections:
        case = case.with_plan(steps=[s for s in case.plan.steps if s.kind == "loading"])
    settings = Settings.preset("draft")
    anatomy = synthetic_anatomy()
    course = synthetic_course(anatomy, heals=heals)
    used = used_records()
    doses = (
        synthetic_treatment(anatomy, 0.0, cultured=False),
        synthetic_treatment(anatomy, 30.0, cultured=True),
    )
    return Run(
        case=case,
        settings=settings,
        anatomy=anatomy,
        treatments=doses if injections else (),
        course=course,
        follow_up=synthetic_follow_up(anatomy, course, heals=heals),
        provenance=Provenance(
            version="0.1.0",
            python="3.11.7",
            platform=machine(),
            stages={"heal": 1},
            libraries=libraries(),
            case_digest=case.digest,
            settings_digest=settings.digest,
            catalogue_digest=catalogue().digest,
            beliefs_digest="0123456789abcdef",
            anatomy_digest=anatomy.digest,
            seed=1,
        ),
        used=used,
        provisional=tuple(sorted(set(used) & catalogue().provisional)),
        notices=("These numbers are made up to test the report; no model computed them.",),
    )
