"""The host: what age, smoking, diabetes and drugs do to named rates of healing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from trephine.case.medication import Medication
from trephine.case.patient import Patient
from trephine.core.errors import CatalogueError, did_you_mean
from trephine.core.units import Duration, Unit

Factors = Annotated[Mapping[str, float], Unit("1", "1", gt=0)]
DAY = 86400.0


@dataclass(frozen=True)
class CallusEffects:
    """Factors on rates of the callus by name of the rate; a record each.

    ``ageing`` is the factor of one :attr:`HostParameters.ageing_span` more; the others are those
    of having the condition, or of taking the drug.
    """

    SECTION: ClassVar[str] = "host.callus"

    ageing: Factors
    smoking: Factors
    diabetes: Factors
    nsaid: Factors
    corticosteroid: Factors


@dataclass(frozen=True)
class MacrophageEffects:
    """The same on rates of the inflammation; of smoking nothing usable was found."""

    SECTION: ClassVar[str] = "host.macrophages"

    ageing: Factors
    diabetes: Factors
    nsaid: Factors
    corticosteroid: Factors


@dataclass(frozen=True)
class HostParameters:
    """Whom the rates stand for, and how others differ.

    The reference, whose factors are all 1, is an adult of ``reference_age`` who neither smokes
    nor has diabetes nor takes any of the drugs. Beyond ``youngest_age`` and ``oldest_age``,
    the ends of the data, age makes no further difference.
    """

    SECTION: ClassVar[str] = "host"

    reference_age: Duration
    youngest_age: Duration
    oldest_age: Duration
    ageing_span: Duration
    callus: CallusEffects
    macrophages: MacrophageEffects


def factors(
    patient: Patient, medications: Iterable[Medication], day: float, p: HostParameters
) -> dict[str, float]:
    r"""Return the factors of a patient on rates of the callus, on a day.

    .. math:: F_r = f_{r,\mathrm{ageing}}^{(a - a_0)/\Delta a} \prod_{i} f_{r,i}

    over what the patient has and takes. Each cause acts once: two drugs of one class do no more
    than one.

    Parameters
    ----------
    patient
        Age, smoking, diabetes.
    medications
        Drugs of the plan.
    day
        Day of the course [d].
    p
        Reference and factors.

    Returns
    -------
    dict
        Factor by name of the rate, more than 0; all 1 for the reference [-].
    """
    on = p.callus
    causes = {"smoking": on.smoking, "diabetes": on.diabetes}
    drugs = {"nsaid": on.nsaid, "corticosteroid": on.corticosteroid}
    return _product(patient, medications, day, p, on.ageing, causes | drugs)


def factors_on_macrophages(
    patient: Patient, medications: Iterable[Medication], day: float, p: HostParameters
) -> dict[str, float]:
    """Return the factors of a patient on rates of the inflammation, as :func:`factors` does."""
    on = p.macrophages
    causes = {"diabetes": on.diabetes, "nsaid": on.nsaid, "corticosteroid": on.corticosteroid}
    return _product(patient, medications, day, p, on.ageing, causes)


def _product(
    patient: Patient,
    medications: Iterable[Medication],
    day: float,
    p: HostParameters,
    ageing: Mapping[str, float],
    causes: Mapping[str, Mapping[str, float]],
) -> dict[str, float]:
    # A second later, so that a first day turned into days and back is not missed.
    acting: set[str] = {m.drug for m in medications if m.is_taken(day * DAY + 1.0)}
    acting |= {"smoking"} if patient.smoker else set()
    acting |= {"diabetes"} if patient.diabetes else set()
    age = min(max(patient.age, p.youngest_age), p.oldest_age)
    spans = (age - p.reference_age) / p.ageing_span
    # Every rate that any cause may change is named, in an order that no patient changes.
    found = dict.fromkeys([*ageing, *(rate for by in causes.values() for rate in by)], 1.0)
    for rate, factor in ageing.items():
        found[rate] *= factor**spans
    for cause in sorted(acting & causes.keys()):
        for rate, factor in causes[cause].items():
            found[rate] *= factor
    return found


def applied(numbers: Mapping[str, float], *changes: Mapping[str, float]) -> dict[str, float]:
    """Return the numbers of a model with named rates multiplied.

    Parameters
    ----------
    numbers
        Of a model, by name.
    changes
        Factors by name of a number; those of one name multiply each other.

    Raises
    ------
    CatalogueError
        If a factor names a number that the model does not have.
    """
    changed = dict(numbers)
    for change in changes:
        for name, factor in change.items():
            if name not in changed:
                hint = did_you_mean(name, changed)
                raise CatalogueError(f"a factor acts on '{name}', which is no number here; {hint}")
            changed[name] *= factor
    return changed
