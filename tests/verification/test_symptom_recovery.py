"""Does the model of symptoms find a benefit that is there, and none where chance shows none?

Made-up studies: three blinded randomised ones of concentrate against saline, and four series
without comparison that report 18 points more. The mode of the posterior stands for its middle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from numpyro import handlers
from numpyro.infer.util import constrain_fn, potential_energy
from scipy.optimize import minimize

import trephine.numerics  # noqa: F401  (double precision)
from trephine.catalogue.load import catalogue
from trephine.catalogue.vocabulary import Product
from trephine.models.instruments import INSTRUMENTS
from trephine.models.symptom_group import Given, Luck, group_change
from trephine.models.symptom_layout import PRODUCTS, SITES
from trephine.models.symptom_priors import priors
from trephine.study.symptom_evidence import Evidence, Row, Treated
from trephine.study.symptom_fit import laws_of
from trephine.study.symptom_model import Data, data, model

FACTS = catalogue()
LAWS, PRIORS = laws_of(FACTS), priors(FACTS)
TRIALS, SERIES = ("trial 1", "trial 2", "trial 3"), ("series 1", "series 2", "series 3", "series 4")
DAYS = (91.0, 183.0, 365.0)
ERROR, BASELINE, REPORTED = 2.0, 60.0, 18.0
CONCENTRATE = PRODUCTS.index(Product.CONCENTRATE)


def treated(study: str, product: Product) -> Treated:
    return Treated(study, str(product), "knee", product, study in TRIALS, False, 0.0, patients=100)


def truth(benefit: float) -> dict[str, Any]:
    sites, products = len(SITES), len(PRODUCTS)
    one = {
        "response": 15.0, "response_by_study": 0.0, "response_by_stage": 0.0, "response_days": 21.0,
        "natural_share": 0.5, "regression": 0.3, "function_ratio": 0.8, "benefit_by_study": 0.0,
        "benefit_by_dose": 0.0, "benefit_by_stage": 0.0, "bias": REPORTED, "late_bias": 0.0,
        "bias_by_study": 0.0, "open_gain": 0.0, "flare": 5.0, "flare_of_others": 2.0,
        "flare_days": 3.0,
    }  # fmt: skip
    return {
        **{name: np.array([value]) for name, value in one.items()},
        "response_of_site": np.full((1, sites), 15.0),
        "benefit_of": np.full((1, sites, products), benefit),
        "onset": np.array([[3.0, 21.0, 30.0]]),
        "waning": np.array([[60.0, 180.0, 730.0]]),
    }


def made(benefit: float) -> Evidence:
    """Return studies that tell the truth to the last digit, with errors as if they did not."""
    found = Evidence()
    none = Luck(*(np.zeros(1) for _ in range(3)))
    arms = [(s, p) for s in TRIALS for p in (Product.CONCENTRATE, Product.SALINE)]
    arms += [(s, Product.CONCENTRATE) for s in SERIES]
    for study, product in arms:
        change = group_change(
            truth(benefit), LAWS, Given(product, alone=study in SERIES), site="knee", domain="pain",
            baseline=BASELINE, severity=0.0, day=np.array(DAYS), luck=none,
        )[0]  # fmt: skip
        place = found.index(treated(study, product))
        found.rows += [
            Row("change", place, None, INSTRUMENTS["VAS"], day, float(moved), ERROR, BASELINE)
            for day, moved in zip(DAYS, change, strict=True)
        ]
    return found


@pytest.fixture(scope="module")
def mode() -> Callable[[Data], float]:
    """Return a function that finds the benefit of concentrate in the knee at the mode."""
    shape = data(made(0.0), LAWS)

    def names() -> Any:
        traced = handlers.trace(handlers.seed(model, 0)).get_trace(shape, LAWS, PRIORS)
        return {k: site["value"] for k, site in traced.items() if site["type"] == "sample"}

    free = {k: jax.numpy.zeros(v.shape) for k, v in jax.eval_shape(names).items()}
    start, unravel = ravel_pytree(free)

    def energy(flat: Any, value: Any, biased: Any, study: Any) -> Any:
        told = replace(shape, value=value, group_biased=biased, group_study=study)
        return jax.value_and_grad(
            lambda at: potential_energy(model, (told, LAWS, PRIORS), {}, unravel(at))
        )(flat)

    def told_of(flat: Any) -> Any:
        asked = (model, (shape, LAWS, PRIORS), {}, unravel(flat))
        return constrain_fn(*asked, return_deterministic=True)["benefit_of"]

    # Compiled for a few hundred calls alone, so nothing is spent on making it fast.
    fast = {"xla_backend_optimization_level": 0}
    quick, benefit = (jax.jit(one, compiler_options=fast) for one in (energy, told_of))

    def found(told: Data) -> float:
        def of(flat: Any) -> tuple[float, Any]:
            height, slope = quick(flat, told.value, told.group_biased, told.group_study)
            return float(height), np.asarray(slope, dtype=float)

        best = minimize(of, np.zeros(start.size), jac=True, method="L-BFGS-B")
        return float(benefit(best.x)[SITES.index("knee"), CONCENTRATE])

    return found


@pytest.mark.parametrize("benefit", [0.0, 12.0])
def test_what_randomised_arms_show_is_found_whatever_series_report(
    mode: Callable[[Data], float], benefit: float
) -> None:
    assert mode(data(made(benefit), LAWS)) == pytest.approx(benefit, abs=2.5)


def test_the_check_rejects_series_that_are_pooled_as_if_randomised(
    mode: Callable[[Data], float],
) -> None:
    told = data(made(0.0), LAWS)
    pooled = replace(
        told,
        group_biased=np.zeros_like(told.group_biased),
        group_study=np.zeros_like(told.group_study),
    )
    assert mode(pooled) > 4.0
