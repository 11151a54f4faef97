"""Plans by name and by file: what a patient could have instead, on the same site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from trephine.case.case import Case
from trephine.case.course_case import CourseCase
from trephine.case.document import table
from trephine.core.errors import InputError, did_you_mean

Steps = list[dict[str, Any]]

KEPT = ("loading", "medication")
"""Kinds of steps that stay when another treatment takes the place of the plan's."""
PLANNED, OBSERVED = "plan", "observation"
WIDER = 2e-3
"""How much wider than the old one a nail is that takes its place [m]."""
USUAL_NAIL = 11e-3
"""Nail where the bone has none yet [m]."""
PACKED = "10 mL"
"""Iliac bone, or chips beside concentrate, where a plan by name brings some."""
GROWN = {"method": "culture", "duration": "21 d", "product_volume": "10 mL"}


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
        if path.suffix == ".toml":
            found[label or path.stem] = _from_file(case, path)
        elif label:
            raise InputError(f"--with {word}: after '=' comes a TOML file with a [plan]")
        else:
            found[word] = _by_name(case, word)
    return found


def known(case: CourseCase) -> dict[str, Callable[[Any], Steps]]:
    """Return the plans by name that make sense at the site of a case."""
    common: dict[str, Callable[[Any], Steps]] = {OBSERVED: lambda _: []}
    return common | (BONE if isinstance(case, Case) else {})


def _by_name(case: CourseCase, name: str) -> CourseCase:
    if name == PLANNED:
        return case
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
    steps = list(document.get("steps", []))
    own = {step.get("kind") for step in steps if isinstance(step, dict)}
    kept = [step for step in _staying(case) if step["kind"] not in own]
    return _named(case.with_plan(**{**document, "steps": [*kept, *steps]}), case, path.stem)


def _named(changed: CourseCase, case: CourseCase, name: str) -> CourseCase:
    return changed.changed({"name": f"{case.name[: 117 - len(name)]}: {name}"})


def _staying(case: CourseCase) -> Steps:
    return [step.as_written() for step in case.plan.steps if step.kind in KEPT]


def _day(case: Case) -> str:
    """Return the day on which the plan first treats; another treatment comes then instead."""
    treated = [step.day for step in case.plan.steps if step.kind not in KEPT]
    return f"{min(treated, default=0.0) / 86400:g} d"


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
