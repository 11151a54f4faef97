"""The hierarchical model of symptoms as NumPyro samples it; needs the extra ``study``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr
from numpy.typing import NDArray

from trephine.catalogue.vocabulary import Product
from trephine.models.instruments import DOMAINS
from trephine.models.symptom_layout import (
    CELLS,
    CLASSES,
    CULTURED,
    FLARING,
    KIN,
    PRODUCTS,
    SITES,
    class_of,
)
from trephine.models.symptom_priors import Prior
from trephine.models.symptoms import (
    BASELINE_SD,
    DAY,
    SymptomLaws,
    effect_shape,
    flare_shape,
    mean_change,
    response_reached,
    settled,
)
from trephine.study.symptom_evidence import Evidence

KINDS = ("change", "improvement", "contrast", "same", "better", "halved")

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Data:
    """Groups and rows of the evidence as arrays; one entry a group (``group_``) or a row."""

    group_site: Array
    group_study: Array
    group_product: Array
    group_class: Array
    group_injected: Array
    group_flaring: Array
    group_biased: Array
    group_open: Array
    group_stage: Array
    group_dose: Array
    group_interval: Array
    studies: int
    kind: Array
    group: Array
    against: Array
    function: Array
    day: Array
    value: Array
    error: Array
    baseline: Array
    least: Array


def data(evidence: Evidence, laws: SymptomLaws) -> Data:
    """Return evidence as arrays; a product without a benefit of its own has the place -1."""
    groups, rows = evidence.groups, evidence.rows
    studies = sorted({g.study for g in groups})
    doses = [
        np.log10((g.cells or laws.reference_cells) / laws.reference_cells)
        if g.product in CULTURED
        else 0.0
        for g in groups
    ]
    return Data(
        group_site=np.array([SITES.index(g.site) for g in groups]),
        group_study=np.array([studies.index(g.study) for g in groups]),
        group_product=np.array([_place(g.product) for g in groups]),
        group_class=np.array([class_of(g.product) for g in groups]),
        group_injected=np.array([float(g.injected) for g in groups]),
        group_flaring=np.array([float(g.product in FLARING) for g in groups]),
        group_biased=np.array([float(g.injected and not g.randomised) for g in groups]),
        group_open=np.array([float(g.open and g.product in FLARING) for g in groups]),
        group_stage=np.array([g.stage for g in groups]),
        group_dose=np.array(doses),
        group_interval=np.array([g.interval or np.inf for g in groups]),
        studies=len(studies),
        kind=np.array([KINDS.index(r.kind) for r in rows]),
        group=np.array([r.group for r in rows]),
        against=np.array([-1 if r.against is None else r.against for r in rows]),
        function=np.array([DOMAINS.index(r.instrument.domain) for r in rows]),
        day=np.array([r.day for r in rows]),
        value=np.array([r.value for r in rows]),
        error=np.array([r.error for r in rows]),
        baseline=np.array([np.nan if r.baseline is None else r.baseline for r in rows]),
        least=np.array([r.least for r in rows]),
    )


def _place(product: Product) -> int:
    return PRODUCTS.index(product) if product in PRODUCTS else -1


def model(d: Data, laws: SymptomLaws, p: Mapping[str, Prior]) -> None:
    """State the model to NumPyro: parameters with their priors, then what each row tells.

    Parameters
    ----------
    d
        Evidence as arrays.
    laws
        What studies do not print.
    p
        Priors by name.
    """
    import numpyro  # noqa: PLC0415  (of the extra ``study``)

    found = _parameters(p)
    changed = _changes(d, laws, found)
    own = changed(d.group)
    other = changed(np.maximum(d.against, 0))
    difference = own - jnp.where(d.against >= 0, other, 0.0)
    shared = laws.visit_correlation
    luck = _normal("visit_luck", (len(d.group_site), len(DOMAINS)))[d.group, d.function]
    told = difference + d.error * jnp.sqrt(shared) * luck
    noise = d.error * jnp.sqrt(1.0 - shared)
    baseline = _baselines(d, laws, found)[0]
    numpyro.factor("rows", jnp.sum(_row_likelihood(d, told, noise, baseline)))


def _row_likelihood(d: Data, told: Any, noise: Any, baseline: Any) -> Any:  # noqa: ANN401
    """Return the log likelihood of each row, up to a constant, (row,).

    A number has a normal error. Words have the chance that a study of that size would have said
    them: no difference that reaches ``least`` standard errors, one that does, or a burden halved.
    """
    edge = d.least * d.error
    inside = _log_difference(log_ndtr((edge - told) / noise), log_ndtr((-edge - told) / noise))
    number = -0.5 * ((d.value - told) / noise) ** 2
    share = -0.5 * ((d.value * baseline + told) / noise) ** 2
    below = log_ndtr((-edge - told) / noise)
    halved = log_ndtr(-(told + 0.5 * baseline) / noise)
    likely = (number, share, number, inside, below, halved)
    return jnp.select([d.kind == k for k in range(len(KINDS))], likely)


def _log_difference(high: Any, low: Any) -> Any:  # noqa: ANN401
    return high + jnp.log1p(-jnp.exp(jnp.minimum(low - high, -1e-9)))


def _normal(name: str, shape: tuple[int, ...] = ()) -> Any:  # noqa: ANN401
    import numpyro  # noqa: PLC0415
    from numpyro import distributions as law  # noqa: PLC0415

    return numpyro.sample(name, law.Normal(0.0, 1.0).expand(shape).to_event(len(shape)))


def _scale(name: str, prior: Prior) -> Any:  # noqa: ANN401
    import numpyro  # noqa: PLC0415
    from numpyro import distributions as law  # noqa: PLC0415

    return numpyro.sample(name, law.HalfNormal(prior.middle))


def _parameters(p: Mapping[str, Prior]) -> dict[str, Any]:
    """Return the parameters that are shipped, each under its name."""
    import numpyro  # noqa: PLC0415

    def plain(name: str) -> Any:  # noqa: ANN401
        return p[name].middle + p[name].spread * _normal(f"{name}_z")

    def positive(name: str) -> Any:  # noqa: ANN401
        return p[name].middle * jnp.exp(p[name].spread * _normal(f"{name}_z"))

    scales = (
        "response_by_joint", "response_by_study", "benefit_by_joint", "benefit_by_study",
        "bias_by_study", "flare", "flare_of_others",
    )  # fmt: skip
    found = {name: _scale(name, p[name]) for name in scales}
    for name in (
        "response", "benefit_by_dose", "response_by_stage", "benefit_by_stage", "bias", "late_bias",
        "open_gain",
    ):  # fmt: skip
        found[name] = plain(name)
    for name in ("response_days", "regression", "function_ratio", "flare_days"):
        found[name] = positive(name)
    odds = positive("natural_share")
    found["natural_share"] = odds / (1.0 + odds)
    for part in ("onset", "waning"):
        middle = jnp.array([p[f"{part}.{c}"].middle for c in CLASSES])
        spread = jnp.array([p[f"{part}.{c}"].spread for c in CLASSES])
        found[part] = middle * jnp.exp(spread * _normal(f"{part}_z", (len(CLASSES),)))
    found["response_of_site"] = found["response"] + found["response_by_joint"] * _normal(
        "site_z", (len(SITES),)
    )
    own = _normal("benefit_z", (len(PRODUCTS),))
    free = p["benefit"].middle + p["benefit"].spread * own
    leans = jnp.array([q in KIN for q in PRODUCTS])
    on = np.array([PRODUCTS.index(KIN.get(q, q)) for q in PRODUCTS])
    found["benefit"] = jnp.where(leans, free[on] + p["benefit_of_kin"].middle * own, free)
    found["benefit_of"] = found["benefit"] + found["benefit_by_joint"] * _normal(
        "benefit_site_z", (len(SITES), len(PRODUCTS))
    )
    for name, value in found.items():
        if name not in scales:
            numpyro.deterministic(name, value)
    return found


def _baselines(d: Data, laws: SymptomLaws, found: dict[str, Any]) -> tuple[Any, Any]:
    """Return the baseline of each row as printed or unknown, and what regression takes of it."""
    unknown = found.setdefault("baseline_z", None)
    if unknown is None:
        unknown = found["baseline_z"] = _normal("baseline_z", (d.studies, len(DOMAINS)))
    middle = jnp.array([laws.baseline_pain, laws.baseline_function])
    drawn = (middle + BASELINE_SD * unknown)[d.group_study[d.group], d.function]
    baseline = jnp.where(jnp.isnan(d.baseline), drawn, jnp.nan_to_num(d.baseline))
    typical = jnp.array([laws.typical_pain, laws.typical_function])[d.function]
    return baseline, found["regression"] * (baseline - typical)


def _changes(d: Data, laws: SymptomLaws, found: dict[str, Any]) -> Any:  # noqa: ANN401
    """Return a function that gives the change of burden of one group a row, (row,) [points]."""
    luck = {
        name: _normal(f"{name}_z", shape)
        for name, shape in (
            ("study", (d.studies,)),
            ("group_benefit", (len(d.group_site),)),
            ("group_bias", (len(d.group_site),)),
        )
    }
    regressed = _baselines(d, laws, found)[1]
    ratio = jnp.where(d.function == 1, found["function_ratio"], 1.0)
    severity = jnp.asarray(d.group_stage)
    response = (
        found["response_of_site"][d.group_site]
        + found["response_by_study"] * luck["study"][d.group_study]
        - found["response_by_stage"] * severity
    ) * response_reached(found["natural_share"], d.group_injected)
    active = d.group_product >= 0
    benefit = jnp.where(
        active,
        found["benefit_of"][d.group_site, d.group_product]
        + found["benefit_by_dose"] * d.group_dose
        - found["benefit_by_stage"] * severity
        + found["benefit_by_study"] * luck["group_benefit"],
        0.0,
    )
    bias = d.group_biased * (found["bias"] + found["bias_by_study"] * luck["group_bias"])
    bias = bias + d.group_open * found["open_gain"] * laws.level_sd_pain
    late = d.group_biased * found["late_bias"]
    flare = d.group_injected * jnp.where(
        d.group_flaring == 1, found["flare"], found["flare_of_others"]
    )

    def of(group: Array) -> Any:  # noqa: ANN401
        since = jnp.minimum(d.day, d.group_interval[group])
        kind = d.group_class[group]
        return mean_change(
            regressed=regressed,
            regression_done=settled(d.day, laws.regression_days / DAY),
            response=ratio * response[group],
            response_done=settled(d.day, found["response_days"]),
            benefit=ratio * benefit[group],
            effect=effect_shape(since, found["onset"][kind], found["waning"][kind]),
            late=effect_shape(d.day, found["onset"][CELLS], found["waning"][CELLS]),
            bias=ratio * bias[group],
            late_bias=ratio * late[group],
            flare=ratio * flare[group],
            flared=flare_shape(since, laws.flare_rise / DAY, found["flare_days"]),
        )

    return of
