"""How colonies are counted: laboratories that differ, dishes that scatter (H7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from trephine.case.prescription import REFERENCE
from trephine.case.suspension import Suspension
from trephine.core.errors import InputError, did_you_mean
from trephine.core.units import Positive, Unit
from trephine.models.aspiration import marrow_share, progenitor_concentration
from trephine.models.aspiration_parameters import AspirationParameters, Laboratory, Values

__all__ = [
    "Assay",
    "AssayParameters",
    "Laboratory",
    "assay",
    "count_colonies",
    "draw_laboratory",
    "laboratory_factor",
    "poisson_interval",
]


@dataclass(frozen=True)
class AssayParameters:
    """How colonies are counted; each field's record says what it is.

    Parameters
    ----------
    plated
        Nucleated cells in each dish [-].
    dishes
        Dishes counted together [-].
    """

    SECTION: ClassVar[str] = "assay"

    plated: Positive
    dishes: Annotated[float, Unit("1", "1", ge=1)]


@dataclass(frozen=True)
class Assay:
    """What a laboratory reports of a sample.

    Parameters
    ----------
    colonies
        Colonies in each dish, (dish, sample).
    volume
        Sample in all dishes together, without what diluted it, (sample,) or one value [m^3].
    estimate
        Colony-forming cells per volume of the sample, (sample,) [1/m^3].
    low, high
        95 % interval of the estimate, by the number of colonies alone, (sample,) [1/m^3].
    """

    colonies: NDArray[np.int64]
    volume: Values
    estimate: Values
    low: Values
    high: Values


def laboratory_factor(
    name: str | None, p: AspirationParameters, luck: Values | None = None
) -> Values:
    r"""Return a laboratory's factor on colony counts, 1 in the reference laboratory (H7).

    .. math:: E = \frac{C}{C_{mP}\, D(V; \theta_P)}, \qquad \ln E = s_\mathrm{lab}\, z

    A known laboratory counted :math:`C` in marrow drawn by volumes :math:`V`; the same samples of
    marrow and depots stand below as in the dose, so that what it counts of such draws is as
    sure as its count, and how sure the depots are does not enter twice. Of any other laboratory
    the spread alone is known.

    Parameters
    ----------
    name
        The reference, a laboratory of the catalogue, or None for one of which nothing is known.
    p
        Marrow and depots, known laboratories, and the spread :math:`s_\mathrm{lab}` of the others.
    luck
        Standard normal deviate :math:`z` of a laboratory not known, one value or (sample,); None
        for the middle one.

    Raises
    ------
    InputError
        If the laboratory is not in the catalogue.
    """
    if name == REFERENCE:
        return 1.0
    if name is None:
        return np.exp(p.laboratory_spread * (0.0 if luck is None else luck))
    if name not in p.laboratories:
        hint = did_you_mean(name, (REFERENCE, *p.laboratories))
        raise InputError(f"no laboratory is known as '{name}'; {hint}")
    known = p.laboratories[name]
    share = marrow_share(known.draw, p.theta_progenitors)
    factor: Values = known.counted / progenitor_concentration(share, p.marrow_progenitors)
    return factor


def draw_laboratory(p: AspirationParameters, rng: np.random.Generator) -> float:
    """Return the factor of a laboratory of which nothing is known, by luck (H7)."""
    return float(laboratory_factor(None, p, float(rng.standard_normal())))


def count_colonies(
    prevalence: Values, plated: Values, laboratory: Values, rng: np.random.Generator
) -> NDArray[np.int64]:
    r"""Return the colonies a dish shows (H7).

    .. math:: n \sim \mathrm{Poisson}(\text{plated} \cdot \text{prevalence} \cdot E)

    Parameters
    ----------
    prevalence
        Progenitors per nucleated cell, as the reference laboratory counts them [-].
    plated
        Nucleated cells plated [-].
    laboratory
        Plating efficiency :math:`E` relative to the reference laboratory [-].
    rng
        Luck of the dish.
    """
    expected = np.asarray(plated) * np.asarray(prevalence) * np.asarray(laboratory)
    return np.asarray(rng.poisson(expected), dtype=np.int64)


def poisson_interval(counted: Values, confidence: float = 0.95) -> tuple[Values, Values]:
    r"""Return the exact interval of the mean of a Poisson count (Garwood).

    .. math:: \Gamma^{-1}(n, \alpha/2) \le \mu \le \Gamma^{-1}(n + 1, 1 - \alpha/2)

    Parameters
    ----------
    counted
        The count :math:`n`, one or many.
    confidence
        :math:`1 - \alpha`.

    Returns
    -------
    tuple of Values
        Lower end, 0 for a count of 0, and upper end.
    """
    from scipy.special import gammaincinv  # noqa: PLC0415  (slow to import, the dose does without)

    number = np.asarray(counted, dtype=np.float64)
    tail = (1.0 - confidence) / 2.0
    low = np.where(number > 0, gammaincinv(np.maximum(number, 1.0), tail), 0.0)
    return low, np.asarray(gammaincinv(number + 1.0, 1.0 - tail))


def assay(
    sample: Suspension,
    plated: NDArray[np.floating[Any]],
    laboratory: Values,
    rng: np.random.Generator,
    *,
    dilution: float = 1.0,
) -> Assay:
    r"""Count the colonies of a sample, in several dishes of what was diluted (H7).

    .. math:: n_i \sim \mathrm{Poisson}(C_P E\, v_i / f), \qquad
              \hat C = f \frac{\sum n_i}{\sum v_i}

    The laboratory reports its own colonies: divided by its factor they are those of the reference
    laboratory. Colonies that merge are not modelled; plate few cells.

    Parameters
    ----------
    sample
        What is assayed; cells may be (sample,).
    plated
        Volume :math:`v_i` put in each dish, (dish,) or (dish, sample) [m^3].
    laboratory
        Plating efficiency :math:`E` relative to the reference laboratory, (sample,) or one [-].
    rng
        Luck of the dishes.
    dilution
        Volume :math:`f` after dilution over that before, at least 1 [-].

    Raises
    ------
    InputError
        If no volume is plated or the sample is made denser.
    """
    volumes = np.asarray(plated, dtype=np.float64)
    if volumes.size == 0 or np.any(volumes <= 0) or dilution < 1.0:
        raise InputError("an assay needs dishes with a volume in each and a dilution of at least 1")
    density = np.atleast_1d(np.asarray(sample.progenitors / sample.volume))
    dishes = volumes.reshape(volumes.shape[0], -1) / dilution
    colonies = count_colonies(density, dishes, laboratory, rng)
    total = dishes.sum(axis=0)
    volume: Values = float(total[0]) if total.size == 1 else total
    counted = colonies.sum(axis=0)
    low, high = poisson_interval(counted)
    return Assay(colonies, volume, counted / volume, low / volume, high / volume)
