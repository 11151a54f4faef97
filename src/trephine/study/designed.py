"""Owns the designed runs: inputs of the emulator, each put through the healing engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.case import Case
from trephine.case.document import validate
from trephine.case.graft import Graft
from trephine.case.settings import Settings
from trephine.catalogue.load import catalogue
from trephine.core import digest
from trephine.core.errors import SolverError
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.intake.site import anatomy as place
from trephine.intake.tissues import TissueParameters
from trephine.models import placement
from trephine.models.healing import HealParameters
from trephine.models.library import model_named, numbers_of
from trephine.models.reading import Reading
from trephine.models.scores import FollowParameters
from trephine.stages import deliver, follow, heal
from trephine.store.files import read_document, write_document
from trephine.study import inputs
from trephine.study.biology import ASSAY, POTENCY, RECORDS, beliefs, parameters, ranges
from trephine.study.finer import finer
from trephine.study.input_range import Values
from trephine.study.inputs import DAY

PARTS = ("train", "series", "fresh", "fresh series")
"""Designed runs over the whole range and like the patients of trials, to learn from and fresh."""

MODEL = "callus"
WEEKS = 39
"""Length of a designed course; a union after it is not seen [wk]."""
VOXEL = 3e-3
"""Edge of the voxels of the designed runs [m]."""
MASS = 70.0
"""Body mass of the designed patient, from which loads in newton become body weights [kg]."""
SIDES = 4
"""Voxels of which the sides of the grid are multiples, so that few shapes are compiled."""
FILM = 1.5e-3
"""Largest edge of the voxels on which a course is filmed, that of draft quality [m]."""
GUIDANCE = "fluoroscopy"
"""What shows the needle tip; its error is drawn for each run."""


@dataclass(frozen=True)
class Seen:
    """What one designed course showed.

    Parameters
    ----------
    values
        Its inputs by name [SI].
    union
        Week of union; None without.
    callus
        Mineralised new bone at each visit, (visit,) [mL].
    mrust
        Score at each visit, (visit,).
    error
        What went wrong, in words; None where nothing did.
    """

    values: dict[str, Any]
    union: float | None
    callus: tuple[float, ...]
    mrust: tuple[float, ...]
    error: str | None = None


@cache
def engine() -> dict[str, Any]:
    """Return what a designed course depends on besides its inputs and its numerics.

    Versions of the stages, the model, and a digest of every number that they read: those of
    healing and of reading films, of tissues, and how a product spreads. A number of the catalogue
    that they do not read, such as a yield of harvest, is not in it; nor is what the catalogue
    prints of the biology that is an input, of which only the ranges are.
    """
    reading = Reading(catalogue())
    for kind in (HealParameters, FollowParameters, TissueParameters):
        reading.fill(kind)
    spreading = beliefs().deliver
    of_inputs = {*RECORDS, ASSAY, POTENCY}
    read = {key: value for key, value in reading.used.items() if key not in of_inputs}
    numbers = {
        "read": numbers_of(model_named(MODEL), read),
        "ranges": ranges(),
        "gives way": dict(spreading.accessible),
        "needle": spreading.placement_error[GUIDANCE],
    }
    versions = {"deliver": deliver.VERSION, "follow": follow.VERSION, "heal": heal.VERSION}
    return {"model": MODEL, "stages": versions, "numbers": digest.of_document(numbers)}


def settings(voxel: float) -> Settings:
    """Return the numerics of a designed course; it is examined in all six ways at its ends."""
    written = {"voxel": f"{voxel * 1e3:.6g} mm", "margin_axial": "18 mm", "examination": "520 wk"}
    return Settings.model_validate({**written, "sides": SIDES})


def numerics(voxel: float) -> str:
    """Return the digest of the numerics of a designed course."""
    held = settings(voxel).as_written()
    stated = {key: value for key, value in held.items() if value is not None}
    return digest.of_document({**stated, "film": film_voxel(voxel)})


def film_voxel(voxel: float) -> float:
    """Return the edge of the voxels on which a course is filmed, a whole part of its own [m]."""
    return voxel / max(1.0, float(np.ceil(voxel / FILM - 1e-9)))


def case_of(values: Mapping[str, Any]) -> Case:
    """Return the case of one designed course, without its injection."""
    weight = MASS * beliefs().heal.fixation.gravity
    nail = values[inputs.NAIL]
    fixation = {"kind": "nail" if nail else "plate"}
    fixation["axial_stiffness"] = f"{values[inputs.STIFFNESS] * 1e-3!r} N/mm"
    if nail:
        fixation["nail_diameter"] = f"{nail * 1e3!r} mm"
    loads = (inputs.EARLY, inputs.MIDDLE, inputs.LATE)
    steps: list[dict[str, Any]] = [
        {"kind": "loading", "day": f"{day:g} d", "body_weights": values[name] / weight}
        for day, name in zip(inputs.TURNS, loads, strict=True)
    ]
    for drug in ("nsaid", "corticosteroid"):
        until = values[f"drug.{drug}"] / DAY
        if until > 0:
            taken = {"kind": "medication", "drug": drug, "day": "0 d", "until": f"{until!r} d"}
            steps.append(taken)
    shaft = {
        "outer_diameter": f"{values[inputs.OUTER] * 1e3!r} mm",
        "canal_diameter": f"{values[inputs.CANAL] * 1e3!r} mm",
        "ovality": inputs.OVALITY,
        "roughness": inputs.ROUGHNESS,
    }
    document = {
        "name": "designed",
        "patient": {
            "age": f"{values[inputs.AGE] / inputs.YEAR!r} year",
            "sex": "male",
            "mass": f"{MASS} kg",
            "smoker": bool(values[inputs.SMOKER]),
            "diabetes": bool(values[inputs.DIABETES]),
        },
        "site": {
            "kind": "shaft",
            "bone": "tibia",
            "side": "left",
            "diagnosis": "atrophic non-union",
            "gap": {"width": f"{values[inputs.GAP] * 1e3!r} mm", "tilt": f"{inputs.TILT} deg"},
            "fixation": fixation,
            "biology": {name: values[f"site.biology.{name}"] for name in inputs.SITE},
            "shaft": shaft,
        },
        "plan": {"steps": steps, "follow_up": {"duration": f"{WEEKS} wk", "interval": "1 wk"}},
    }
    return validate(Case, document, "a designed course")


def computed(values: dict[str, Any], voxel: float, name: str) -> Seen:
    """Return one designed course.

    Parameters
    ----------
    values
        Inputs of one sample.
    voxel
        Edge of a voxel [m].
    name
        Name of the course, by which the needle has its luck.
    """
    case, s = case_of(values), settings(voxel)
    site = place(case.site, s)
    try:
        course = heal.heal(
            patient=case.patient,
            site=case.site,
            anatomy=site,
            grafts=_grafts(values, site, name),
            plan=case.plan,
            p=parameters(values),
            s=s,
            watch=Watch(),
            model=model_named(MODEL),
        )
    except SolverError as error:
        return Seen(values, None, (), (), str(error))
    film = site
    if film_voxel(voxel) < voxel:
        film = place(case.site, settings(film_voxel(voxel)))
        course = finer(course, site, film)
    seen = follow.follow(
        course=course,
        anatomy=film,
        side=case.site.side,
        p=beliefs().follow,
        rng=Streams(0).named("designed", name, "film"),
    )
    callus = tuple(round(float(v) * 1e6, 6) for v in seen.callus_volume)
    return Seen(values, seen.union_week, callus, tuple(float(v) for v in seen.mrust))


def _grafts(values: Values, site: Anatomy, name: str) -> list[Graft]:
    """Return the injections of one course as they settle; a second one is like the first."""
    if values[inputs.CARRIER] == "no injection":
        return []
    p = beliefs().deliver
    room = placement.capacity(site, inputs.REACH, p.accessible)
    # Coarse voxels have a little less room than the volumes of the inputs were told for.
    volume = min(values[inputs.VOLUME], float(room.sum()) * site.grid.voxel_volume)
    solid = values[inputs.SOLID] / values[inputs.VOLUME]
    days = [values[inputs.INJECTED]]
    if values[inputs.AGAIN]:
        days.append(values[inputs.INJECTED] + values[inputs.AGAIN])
    luck = Streams(0).named("designed", name, "placement")
    found = []
    for day in days:
        error = p.placement_error[GUIDANCE] * luck.standard_normal(3)
        x, y, z = placement.gap_centre(site) + error
        fill = placement.settle_in_turn(site, room, [(x, y, z)], volume)
        each = fill / (float(fill.sum()) * site.grid.voxel_volume)
        graft = Graft(
            day=day,
            fill=fill,
            progenitors=values[inputs.CELLS] * each,
            nucleated=values[inputs.OTHERS] * each,
            clot=fill * (values[inputs.CARRIER] == "clot"),
            demineralised_bone=solid * fill,
            cultured=False,
            funnel=(),
            budgets=(),
        )
        found.append(graft)
    return found


def gathered(
    out: Path,
    part: str,
    asked: Values,
    voxel: float,
    *,
    mine: tuple[int, int] = (0, 1),
    watch: Watch | None = None,
) -> list[Seen]:
    """Return designed courses, from a folder where they are kept, else computed and kept there.

    Parameters
    ----------
    out
        Folder with a file for each course, named by the digest of all that it depends on; an
        interrupted attempt goes on where it was.
    part
        Which of :data:`PARTS`; with its number it names a course.
    asked
        Inputs of the courses, (sample,) each.
    voxel
        Edge of a voxel [m].
    mine
        Which of how many shares is computed and returned; several processes may work at once.
    watch
        Hears the progress.
    """
    listener, found = watch or Watch(), []
    way = {"engine": engine(), "numerics": numerics(voxel)}
    out.mkdir(parents=True, exist_ok=True)
    count = asked[inputs.GAP].size
    for number in range(mine[0], count, mine[1]):
        one = {name: values[number].item() for name, values in asked.items()}
        path = out / f"{digest.of_document({**way, 'part': part, 'inputs': one})}.json"
        if not path.exists():
            listener.progress(f"{part} courses", number, count)
            seen = computed(one, voxel, f"{part} {number}")
            write_document(path, seen.__dict__)
        kept = read_document(path)
        kept |= {key: tuple(kept[key]) for key in ("callus", "mrust")}
        found.append(Seen(**kept))
    return found
