"""Fitting the model of symptoms by Hamiltonian Monte Carlo, and judging whether it was sampled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import trephine.numerics  # noqa: F401  (switches double precision on)
from trephine.catalogue.cohorts import fingerprint
from trephine.catalogue.load import Catalogue, catalogue
from trephine.catalogue.symptom_posterior import ArmsSeen, SymptomPosterior
from trephine.core import digest
from trephine.core.errors import SolverError
from trephine.models.reading import Reading
from trephine.models.symptom_priors import priors
from trephine.models.symptoms import SymptomLaws
from trephine.study.symptom_arms import evidence, symptom_studies
from trephine.study.symptom_evidence import NUMBERS, Evidence
from trephine.study.symptom_model import data, model

SHIPPED = (
    "response_of_site",
    "response_by_study",
    "response_by_stage",
    "response_days",
    "natural_share",
    "regression",
    "function_ratio",
    "benefit",
    "benefit_of",
    "benefit_by_study",
    "benefit_by_dose",
    "benefit_by_stage",
    "bias",
    "late_bias",
    "bias_by_study",
    "open_gain",
    "flare",
    "flare_of_others",
    "flare_days",
    "onset",
    "waning",
)
"""Parameters that a prediction needs."""

WORST_R_HAT = 1.02
LEAST_EFFECTIVE = 400.0
MOST_DIVERGENT = 0.005
"""Bounds of a fit that counts: R-hat, effective draws, share of divergent steps."""


@dataclass(frozen=True)
class Sampling:
    """How a fit is sampled.

    Parameters
    ----------
    chains, warmup, samples
        Chains, and draws of each before and after adaptation.
    kept
        Draws that are shipped.
    acceptance
        Acceptance that the step size aims at [-].
    seed
        Luck.
    """

    chains: int = 4
    warmup: int = 400
    samples: int = 500
    kept: int = 600
    acceptance: float = 0.9
    seed: int = 1


def laws_of(facts: Catalogue) -> SymptomLaws:
    """Return what studies do not print, from the catalogue."""
    return Reading(facts).fill(SymptomLaws)


def fit(
    found: Evidence | None = None,
    sampling: Sampling | None = None,
    facts: Catalogue | None = None,
) -> SymptomPosterior:
    """Return the posterior of the model of symptoms.

    Parameters
    ----------
    found
        What studies tell; all that may calibrate unless given.
    sampling
        Chains and draws.
    facts
        The catalogue with laws and priors.

    Raises
    ------
    ImportError
        If NumPyro, of the extra ``study``, is not installed.
    """
    import jax  # noqa: PLC0415  (slow to import)
    from numpyro.diagnostics import summary  # noqa: PLC0415  (of the extra ``study``)
    from numpyro.infer import MCMC, NUTS  # noqa: PLC0415

    known, how = facts or catalogue(), sampling or Sampling()
    laws = laws_of(known)
    found = evidence("calibrate", laws) if found is None else found
    sampler = MCMC(
        NUTS(model, target_accept_prob=how.acceptance),
        num_warmup=how.warmup,
        num_samples=how.samples,
        num_chains=how.chains,
        chain_method="vectorized",
        progress_bar=False,
    )
    sampler.run(
        jax.random.PRNGKey(how.seed),
        data(found, laws),
        laws,
        priors(known),
        extra_fields=("diverging", "num_steps"),
    )
    chains = {k: np.asarray(v) for k, v in sampler.get_samples(group_by_chain=True).items()}
    told = summary(chains)
    extra = sampler.get_extra_fields()
    every = max(1, how.chains * how.samples // how.kept)
    draws = {
        name: chains[name].reshape(-1, *chains[name].shape[2:])[::every][: how.kept]
        for name in SHIPPED
    }
    return SymptomPosterior(
        draws={k: np.asarray(v, dtype="<f4").astype(float) for k, v in draws.items()},
        diagnostics={
            "worst_r_hat": max(float(np.nanmax(v["r_hat"])) for v in told.values()),
            "least_effective": min(float(np.nanmin(v["n_eff"])) for v in told.values()),
            "divergent": float(np.mean(extra["diverging"])),
            "steps": float(np.mean(extra["num_steps"])),
            "chains": float(how.chains),
            "warmup": float(how.warmup),
            "samples": float(how.samples),
            "rows": float(len(found.rows)),
            "groups": float(len(found.groups)),
        },
        evidence=fingerprint(symptom_studies("calibrate")),
        priors=priors_digest(known),
        arms=arms_seen(found),
    )


def priors_digest(facts: Catalogue) -> str:
    """Return the content name of the laws and priors that a fit rests on."""
    told = {k: r.model_dump(mode="json") for k, r in facts.section("symptoms").items()}
    return digest.of_document(told)


def problems(diagnostics: Mapping[str, float]) -> list[str]:
    """Return why a fit does not count, in sentences; none where it does.

    Parameters
    ----------
    diagnostics
        Of a posterior.
    """
    found = []
    if not diagnostics["worst_r_hat"] <= WORST_R_HAT:
        found.append(f"R-hat reaches {diagnostics['worst_r_hat']:.3f}, more than {WORST_R_HAT}")
    if not diagnostics["least_effective"] >= LEAST_EFFECTIVE:
        few = diagnostics["least_effective"]
        found.append(f"{few:.0f} effective draws, fewer than {LEAST_EFFECTIVE:.0f}")
    if not diagnostics["divergent"] <= MOST_DIVERGENT:
        found.append(f"{diagnostics['divergent']:.2%} of the steps diverged")
    return found


def checked(found: SymptomPosterior) -> SymptomPosterior:
    """Return a posterior whose sampling counts.

    Raises
    ------
    SolverError
        If it does not; says every reason.
    """
    wrong = problems(found.diagnostics)
    if wrong:
        raise SolverError("the symptoms were not sampled well enough: " + "; ".join(wrong))
    return found


def arms_seen(found: Evidence) -> tuple[ArmsSeen, ...]:
    """Return what evidence holds of each product at each site."""
    table: dict[tuple[str, str], ArmsSeen] = {}
    counted = {
        (found.groups[place].study, found.groups[place].product)
        for row in found.rows
        if row.kind in NUMBERS
        for place in (row.group, row.against)
        if place is not None
    }
    for group in found.groups:
        key = (group.site, str(group.product))
        old = table.get(key) or ArmsSeen(*key, 0, 0, 0, 0, (), ())
        is_new = group.study not in old.studies
        beside = {
            str(g.product)
            for g in found.groups
            if g.study == group.study and g.product != group.product and group.randomised
        }
        table[key] = replace(
            old,
            randomised=old.randomised + (is_new and group.randomised),
            alone=old.alone + (is_new and not group.randomised),
            numbers=old.numbers + (is_new and (group.study, group.product) in counted),
            patients=old.patients + round(group.patients or 0.0),
            studies=(*old.studies, group.study) if is_new else old.studies,
            against=tuple(sorted({*old.against, *beside})),
        )
    return tuple(table[key] for key in sorted(table))


def only_randomised(found: Evidence) -> Evidence:
    """Return what evidence tells of groups that chance made, for comparison with all of it."""
    rows: list[Any] = [r for r in found.rows if found.groups[r.group].randomised]
    return Evidence(groups=found.groups, rows=rows, left=found.left)
