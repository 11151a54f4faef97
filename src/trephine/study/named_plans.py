"""Plans by name and by file: what a patient could have instead, on the same site."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from trephine.case.case import Case
from trephine.case.course_case import CourseCase
from trephine.case.distraction import Distraction
from trephine.case.document import table
from trephine.core.errors import InputError, did_you_mean

Steps = list[dict[str, Any]]

DAY = 86400.0
LABEL = re.compile(r"[\w-]{1,60}")

KEPT = ("loading", "medication", "distraction")
"""Kinds of steps that stay when another treatment takes the place of the plan's."""
CELLS = "injection"
"""Kind of the steps that bring cells."""
PLANNED, OBSERVED, WITHOUT = "plan", "observation", "without-cells"
WIDER = 2e-3
"""How much wider than the old one a nail is that takes its place [m]."""
USUAL_NAIL = 11e-3
"""Nail where the bone has none yet [m]."""
PACKED = "10 mL"
"""Iliac bone, or chips beside concentrate, where a plan by name brings some."""
GROWN_FOR = 21.0
"""Days that cells are grown [d]."""
GROWN = {"method": "culture", "duration": f"{GROWN_FOR:g} d", "product_volume": "10 mL"}
EARLY = 14.0
"""Day of the early injection of a fresh fracture [d]."""


def _usual(draws: str, product: str, given: str, carrier: str) -> dict[str, Any]:
    """Return an injection of concentrate where the plan of the case has none to go by."""
    return {
        "kind": "injection",
        "day": "0 d",
        "harvest": {
            "bone": "posterior_iliac_crest",
            "draws": [draws],
            "syringe": "10 mL",
            "anticoagulant": "6 mL",
        },
        "process": {"method": "concentrate", "device": "buffy_coat", "product_volume": product},
        "deliver": {"volume": given, "guidance": "fluoroscopy", "carrier": carrier},
    }


USUAL = {
    "shaft": _usual("30 x 4 mL", "15 mL", "12 mL", "clot"),
    "regenerate": _usual("30 x 4 mL", "15 mL", "12 mL", "clot"),
    "femoral_head": _usual("20 x 5 mL", "10 mL", "10 mL", "clot"),
    "joint": _usual("12 x 5 mL", "6 mL", "5 mL", "none"),
    "disc": _usual("12 x 5 mL", "6 mL", "2 mL", "none"),
    "tendon": _usual("12 x 5 mL", "6 mL", "4 mL", "none"),
    "bursa": _usual("12 x 5 mL", "6 mL", "4 mL", "none"),
}
"""Concentrate as the examples give it, by kind of site."""
GIVEN = {
    "saline": "saline_injection",
    "corticosteroid": "corticosteroid_injection",
    "hyaluronic-acid": "hyaluronic_acid_injection",
    "platelets": "platelet_injection",
    "cord-cells": "cord_cell_injection",
    "exercise": "exercise",
}
"""Steps of a painful site by the name of a plan that holds nothing else."""


def plans(case: CourseCase, asked: list[str]) -> dict[str, CourseCase]:
    """Return the same patient under several plans, by name, the plan of the case first.

    Parameters
    ----------
    case
        Patient, site and plan.
    asked
        Each a name of :func:`known`, the path of a TOML file with a ``[plan]`` (a case file has
        one), or ``label=path``. What a file does not say stays: the follow-up always, loading and
        medication where it names no such step.

    Raises
    ------
    InputError
        If a name is unknown, a file has no plan, or a plan is not valid at this site.
    """
    found: dict[str, CourseCase] = {PLANNED: case}
    for word in asked:
        label, _, place = word.rpartition("=")
        path = Path(place)
        name = (label or path.stem) if path.suffix == ".toml" else word
        if label and path.suffix != ".toml":
            raise InputError(f"--with {word}: after '=' comes a TOML file with a [plan]")
        if name != PLANNED and name in found:
            raise InputError(f"--with {word}: there is a plan '{name}' already; write label=file")
        if path.suffix == ".toml":
            found[_allowed(name)] = _from_file(case, path)
        elif name != PLANNED:
            found[name] = _by_name(case, name)
    if len(found) == 1:
        raise InputError(
            f"--with {PLANNED}: that is the plan of the case itself; name another beside it, such "
            f"as {OBSERVED}"
        )
    return found


def _allowed(label: str) -> str:
    """Return a label that may name a folder and is not the plan of the case."""
    if label == PLANNED or not LABEL.fullmatch(label):
        raise InputError(
            f"--with {label}=...: a label has letters, digits, '-' and '_', and is not '{PLANNED}'"
        )
    return label


def known(case: CourseCase) -> dict[str, Callable[[Any], Steps]]:
    """Return the plans by name that make sense at the site of a case."""
    found: dict[str, Callable[[Any], Steps]] = {OBSERVED: lambda _: [], WITHOUT: _without}
    kind = case.site.kind
    if kind not in USUAL:
        return found
    found["concentrate"] = _concentrate
    if kind == "shaft":
        is_fresh = getattr(case.site, "diagnosis", "") == "fracture"
        return found | ({"early-concentrate": _early} if is_fresh else {}) | BONE
    if kind == "femoral_head":
        return found | HIP
    if kind == "regenerate":
        return found
    given = {name: _only(step) for name, step in GIVEN.items() if step in case.STEPS}
    return found | given | {"cultured-cells": _cultured}


def _by_name(case: CourseCase, name: str) -> CourseCase:
    options = known(case)
    if name not in options:
        words = did_you_mean(name, [PLANNED, *options])
        raise InputError(
            f"--with {name}: no plan has this name at a site of kind '{case.site.kind}'; {words}, "
            "or a TOML file with a [plan]"
        )
    return _named(case.with_plan(steps=[*_staying(case), *options[name](case)]), case, name)


def _from_file(case: CourseCase, path: Path) -> CourseCase:
    document = table(path, "a file with a [plan]").get("plan")
    if not isinstance(document, dict):
        raise InputError(f"{path} has no [plan]")
    steps = document.get("steps", [])
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise InputError(f"{path}: plan.steps is a list of tables, [[plan.steps]]")
    own = {step.get("kind") for step in steps}
    kept = [step for step in _staying(case) if step["kind"] not in own]
    rest = {key: value for key, value in document.items() if key not in ("steps", "follow_up")}
    try:
        changed = case.with_plan(**{**rest, "steps": [*kept, *steps]})
    except InputError as error:
        said = f"the plan of {path} does not fit a site of kind '{case.site.kind}'"
        raise InputError(said, error.problems) from None
    return _named(changed, case, path.stem)


def _named(changed: CourseCase, case: CourseCase, name: str) -> CourseCase:
    """Return a case under its own name, without the words that tell of the plan of the other."""
    about = f"The patient of '{case.name}' under the plan '{name}' instead."
    return changed.changed({"name": f"{case.name[: 117 - len(name)]}: {name}", "about": about})


def _staying(case: CourseCase) -> Steps:
    return [step.as_written() for step in case.plan.steps if step.kind in KEPT]


def _day(case: CourseCase) -> str:
    """Return the day on which the plan first treats; another treatment comes then instead."""
    treated = [step.day for step in case.plan.steps if step.kind not in KEPT]
    return f"{min(treated, default=_first(case)) / DAY:g} d"


def _first(case: CourseCase) -> float:
    """Return the first day on which a plan that has no treatment may have one [s]."""
    drawn = [step for step in case.plan.steps if isinstance(step, Distraction)]
    return math.ceil(max((step.end for step in drawn), default=0.0) / DAY) * DAY


def _without(case: CourseCase) -> Steps:
    rest = [s.as_written() for s in case.plan.steps if s.kind not in (*KEPT, CELLS)]
    if not case.plan.injections:
        raise InputError(f"{case.name}: the plan injects no cells; write --with {OBSERVED}")
    return rest


def _injections(case: CourseCase) -> Steps:
    """Return the injections of the plan, or the usual one on the day on which the plan treats."""
    own = [step.as_written() for step in case.plan.injections]
    return own or [{**USUAL[case.site.kind], "day": _day(case)}]


def _concentrate(case: CourseCase) -> Steps:
    """Return the first injection of the plan, of concentrate alone."""
    usual, first = USUAL[case.site.kind], _injections(case)[0]
    if first["process"]["method"] in ("concentrate", "centrifuge"):
        return [first]
    return [{**usual, "day": _day(case)}]


def _early(case: CourseCase) -> Steps:
    return [{**_injections(case)[0], "day": f"{EARLY:g} d"}]


def _only(kind: str) -> Callable[[CourseCase], Steps]:
    return lambda case: [{"kind": kind, "day": _day(case)}]


def _cultured(case: CourseCase) -> Steps:
    """Return one injection of cells grown from the plan's harvest, when they are ready."""
    found = {**_concentrate(case)[0], "process": dict(GROWN)}
    harvest = {k: v for k, v in found["harvest"].items() if k != "day"}
    drawn = step_day(found["day"])
    found["day"] = f"{drawn + GROWN_FOR:g} d"
    volume = USUAL[case.site.kind]["deliver"]["volume"]
    deliver = {**found["deliver"], "carrier": "none", "volume": volume}
    return [{**found, "harvest": harvest, "deliver": deliver}]


def _decompression(case: CourseCase) -> Steps:
    own = [step.as_written() for step in case.plan.decompressions]
    return own or [{"kind": "core_decompression", "day": _day(case)}]


def _autograft(case: Case) -> Steps:
    return [{"kind": "autograft", "day": _day(case), "volume": PACKED}]


def _exchange(case: Case) -> Steps:
    old = case.site.fixation.nail_diameter
    width = USUAL_NAIL if old is None else old + WIDER
    nail = {"kind": "exchange_nail", "day": _day(case), "nail_diameter": f"{width * 1e3:g} mm"}
    return [nail]


def _plate(case: Case) -> Steps:
    return [{"kind": "revision_plating", "day": _day(case)}]


def _augmented(case: Case) -> Steps:
    return [{"kind": "revision_plating", "day": _day(case), "earlier": "stays"}]


def _carried(carrier: str, process: Mapping[str, Any] | None = None) -> Callable[[Case], Steps]:
    """Return the injections of the plan with a solid carrier, of concentrate or grown cells."""

    def steps(case: Case) -> Steps:
        found = [step.as_written() for step in case.plan.injections]
        if not found:
            raise InputError(
                f"{case.name}: the plan injects nothing that a carrier could hold; write the "
                "injection in a TOML file with a [plan]"
            )
        for step in found:
            deliver = {**step["deliver"], "carrier": carrier, "carrier_volume": "5 mL"}
            step["deliver"] = deliver
            if process is not None:
                step["process"] = dict(process)
                step["harvest"].pop("day", None)
                deliver["volume"] = process["product_volume"]
                step["day"] = f"{max(step_day(step['day']), 21.0):g} d"
        return found

    return steps


def step_day(text: str) -> float:
    """Return a day as a document writes it, in days."""
    return float(text.split(maxsplit=1)[0])


HIP: dict[str, Callable[[Any], Steps]] = {
    "decompression": _decompression,
    "decompression-with-concentrate": lambda case: [*_decompression(case), *_concentrate(case)],
    "decompression-with-cultured-cells": lambda case: [*_decompression(case), *_cultured(case)],
}
"""Ways to treat a femoral head by name."""
BONE: dict[str, Callable[[Any], Steps]] = {
    "exchange-nail": _exchange,
    "plate": _plate,
    "augmentation-plate": _augmented,
    "autograft": _autograft,
    "plate-and-autograft": lambda case: [*_plate(case), *_autograft(case)],
    "concentrate-with-demineralised-bone": _carried("demineralised_bone"),
    "concentrate-with-allograft": _carried("allograft"),
    "cultured-with-ceramic": _carried("ceramic", GROWN),
}
"""Comparators of a shaft by name; each comes on the day on which the plan first treats."""
