"""Every arm of a painful joint, disc or tendon with a role, and what is left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trephine.catalogue.cohorts import Arm, Endpoint, Study, cohorts
from trephine.catalogue.vocabulary import Product, Role
from trephine.models.instruments import instrument_of, rank
from trephine.models.symptoms import SymptomLaws
from trephine.study.symptom_evidence import Evidence, Excluded, Found
from trephine.study.symptom_rows import SITES, add
from trephine.study.symptom_values import time_in_days


def symptom_studies(role: Role | None = None) -> Mapping[str, Study]:
    """Return the published studies of painful joints, discs and tendons by name.

    Parameters
    ----------
    role
        Keep what has one role and nothing else, see :func:`trephine.catalogue.cohorts.cohorts`.
    """
    return {name: study for name, study in cohorts(role).items() if study.condition in SITES}


def evidence(role: Role, laws: SymptomLaws, studies: Mapping[str, Study] | None = None) -> Evidence:
    """Return every value of pain and function over time that has a role, and what is left out.

    Values of other roles are not looked at; of the other arms of a study their size and product
    alone are.

    Parameters
    ----------
    role
        ``calibrate`` for a fit, ``holdout`` for a check.
    laws
        What studies do not print.
    studies
        The studies; those that ship with the program unless given.
    """
    known = symptom_studies() if studies is None else studies
    result = Evidence()
    found: list[Found] = []
    for name, study in known.items():
        for key, arm in study.arms.items():
            for label, value in arm.endpoints.items():
                if value.role == role:
                    place = f"{name}.{key}.{label}"
                    taken = _seen(place, name, study, key, arm, value)
                    if isinstance(taken, Found):
                        found.append(taken)
                    else:
                        result.left.append(Excluded(place, taken))
    for one in _best_of_each_visit(found, result):
        why = add(one, found, laws, result)
        if why:
            result.left.append(Excluded(one.place, why))
    return result


def _seen(place: str, name: str, study: Study, key: str, arm: Arm, value: Endpoint) -> Found | str:
    """Return a value that may be used, or why it may not."""
    instrument = instrument_of(value.outcome, value.about)
    day = time_in_days(value.time)
    reasons = (
        (instrument is None, "no score of pain or function"),
        (
            "repair" in study.population,
            "given at a surgical repair, whose effect no arm of the same study tells apart",
        ),
        (
            arm.product is Product.CELLS_ANY,
            "several products at once, told apart elsewhere in the study",
        ),
        (
            bool(arm.part_of) and "surgery" in arm.label,
            "those who went on to surgery are left out of it",
        ),
        (bool(arm.part_of) and arm.n is None, "part of an arm, of a size that is not told"),
        (day is None, "at no one time"),
    )
    why = next((reason for holds, reason in reasons if holds), "")
    if why or instrument is None or day is None:
        return why
    return Found(place, name, study, key, arm, value, instrument, day)


def _best_of_each_visit(found: Iterable[Found], result: Evidence) -> list[Found]:
    """Return one value a group, domain and visit: numbers first, then the preferred score."""
    visits: dict[tuple[str, str, str, float], list[Found]] = {}
    for one in found:
        if one.day > 0.0:
            visits.setdefault(one.visit, []).append(one)
    best = []
    for told in visits.values():
        first, *others = sorted(told, key=_order)
        best.append(first)
        why = f"told by {first.value.outcome} already"
        result.left.extend(Excluded(other.place, why) for other in others)
    return best


def _order(one: Found) -> tuple[bool, int]:
    return bool(one.value.words), rank(one.instrument)
