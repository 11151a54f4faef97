"""Laws of concentration: what leaves the red bed under spin, and what reaches the product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from trephine.core.units import Duration, Fraction, Length, MassDensity, Positive, Unit
from trephine.models.yields import Values, logistic, yield_of_run

PROGENITOR = "progenitor"
"""The class of cells that the other nucleated cells are told apart from."""


@dataclass(frozen=True)
class DeviceParameters:
    """A class of devices that concentrate marrow; over samples each number is one or (sample,).

    Parameters
    ----------
    red_cell_carryover
        Share of the red cells that come over :math:`x` [-].
    spin_dose
        Relative centrifugal force times time :math:`Gt` [s].
    column_height
        Height of the column under spin [m].
    density_cut, cut_width
        Density at which half of the cells leave the red bed, and its width [kg/m^3].
    cell_yield, progenitor_yield
        Share of the freed cells that reach the product :math:`y`, median over runs [-].
    platelet_recovery
        Share of the platelets that reach the product [-].
    least_reduction, most_reduction
        By how much such devices usually reduce the volume; told beyond, not enforced [-].
    """

    SECTION: ClassVar[str] = "devices"

    red_cell_carryover: Fraction
    spin_dose: Duration
    column_height: Length
    density_cut: MassDensity
    cut_width: MassDensity
    cell_yield: Fraction
    progenitor_yield: Fraction
    platelet_recovery: Fraction
    least_reduction: Positive
    most_reduction: Positive


@dataclass(frozen=True)
class OpenTubeParameters:
    """What a hand loses between an open tube and the syringe.

    Parameters
    ----------
    cell_yield, progenitor_yield
        Share of what lies in the slice that reaches the product, median over runs [-].
    """

    SECTION: ClassVar[str] = "separation.open_tube"

    cell_yield: Fraction
    progenitor_yield: Fraction


@dataclass(frozen=True)
class SeparationParameters:
    """The numbers of the density cut.

    Parameters
    ----------
    packing_limit
        Red cell volume fraction of a packed bed; no product can hold more [-].
    reference_height
        Height of the column to which the freeing doses refer [m].
    progenitor_spread, cell_spread
        Standard deviation between runs of the logarithm of the yield [-].
    harmful_haematocrit
        Red cell volume fraction of a product from which its reader is told that red cells harm
        stromal cells; no dose depends on it [-].
    share
        Share of each class among nucleated cells, relative to their sum [-].
    density
        Buoyant density by class, progenitors included [kg/m^3].
    freeing_dose
        Spin dose that frees a class from the reference column, progenitors included [s].
    open_tube
        What is lost by hand.
    devices
        Devices by key.
    """

    SECTION: ClassVar[str] = "separation"

    packing_limit: Fraction
    reference_height: Length
    progenitor_spread: Positive
    cell_spread: Positive
    harmful_haematocrit: Fraction
    share: Annotated[Mapping[str, float], Unit("1", "1", ge=0)]
    density: Annotated[Mapping[str, float], Unit("kg/m^3", "g/cm^3", gt=0)]
    freeing_dose: Annotated[Mapping[str, float], Unit("s", "s", gt=0)]
    open_tube: OpenTubeParameters
    devices: Mapping[str, DeviceParameters]

    def shares(self) -> dict[str, float]:
        """Return the share of each class among nucleated cells; they add to one [-]."""
        total = sum(self.share.values())
        return {name: share / total for name, share in self.share.items()}


def freed_share(
    density: Values, dose: Values, freeing_dose: Values, cut: Values, width: Values
) -> Values:
    r"""Return the share of a class that leaves the red bed (C4).

    .. math:: F_k = \frac{1 - e^{-(Gt/Gt_k)^2}}{1 + e^{(\rho_k - \rho_b)/s}}

    Parameters
    ----------
    density
        Buoyant density :math:`\rho_k` [kg/m^3].
    dose
        Relative centrifugal force times time :math:`Gt` [s].
    freeing_dose
        Dose :math:`Gt_k` that frees the class from a column of this height [s].
    cut, width
        Density of the bed :math:`\rho_b` and width :math:`s` of the cut [kg/m^3].

    Returns
    -------
    Values
        Between 0 and 1 [-].
    """
    risen: Values = -np.expm1(-((dose / freeing_dose) ** 2))
    return risen * logistic((cut - density) / width)


def recovery(freed: Values, product_yield: Values, carryover: Values) -> Values:
    r"""Return the share of a class that reaches the product (C5).

    .. math:: R_k = y_k\,[F_k + (1 - F_k)\,x]

    Parameters
    ----------
    freed
        Share freed from the red bed :math:`F_k` [-].
    product_yield
        Share :math:`y_k` of what is freed or carried over that reaches the product [-].
    carryover
        Share of the red cells that come over :math:`x`, with the cells among them [-].

    Returns
    -------
    Values
        Between 0 and 1 [-].
    """
    return product_yield * (freed + (1.0 - freed) * carryover)


def fold(recovered: Values, volume_in: Values, volume_out: Values) -> Values:
    r"""Return by how much a class is concentrated (C6).

    .. math:: \mathrm{fold}_k = R_k\, V_\mathrm{in}/V_\mathrm{out}
    """
    return recovered * volume_in / volume_out


def product_haematocrit(
    carryover: Values, haematocrit: Values, volume_in: Values, volume_out: Values
) -> Values:
    r"""Return the red cell volume fraction of the product (C6).

    .. math:: \mathrm{Hct}_\mathrm{out} = x\,\mathrm{Hct}_\mathrm{in}\,
              V_\mathrm{in}/V_\mathrm{out}

    Nothing bounds it; a product volume for which it passes the packing limit does not exist.
    """
    return carryover * haematocrit * volume_in / volume_out


def room(
    carryover: Values,
    red_cells: Values,
    volume: Values,
    packing_limit: Values,
    freed: Values = 0.0,
    among: Values = 0.0,
) -> tuple[Any, Any]:
    r"""Return the least and the most volume a product can have [m^3].

    .. math:: \frac{V_f + x\,(V_r + V_a)}{\varphi} \le V_\mathrm{out}
              \le V_\mathrm{in} - V_r + x\,V_r

    Cells cannot fill more of it than of a packed bed, and there is only so much plasma.

    Parameters
    ----------
    carryover
        Share :math:`x` of the red cells that comes over [-].
    red_cells, volume
        Packed volume of the red cells :math:`V_r` of the marrow, and of it all [m^3].
    packing_limit
        Volume fraction of cells :math:`\varphi` in a packed bed [-].
    freed, among
        Volume :math:`V_f` of the nucleated cells that come without red cells, and :math:`V_a` of
        those that come with all of them [m^3].
    """
    filled = freed + carryover * (red_cells + among)
    return filled / packing_limit, volume - red_cells + carryover * red_cells


def carried(
    carryover: Values,
    red_cells: Values,
    volume_in: Values,
    volume_out: Values,
    packing_limit: Values,
    freed: Values = 0.0,
    among: Values = 0.0,
) -> Values:
    """Return the share of red cells that comes over, held to what a product volume allows [-].

    As in :func:`room`; where the plasma runs out more red cells come over. A single run is
    refused where it would have to be held; among many samples the operator does what can be done.
    """
    least, most = room(carryover, red_cells, volume_in, packing_limit, freed, among)
    fewest = (volume_out - volume_in + red_cells) / red_cells
    packed = np.maximum(packing_limit * volume_out - freed, 0.0) / (red_cells + among)
    held = np.where(volume_out < least, packed, carryover)
    found: Values = np.where(volume_out > most * (1.0 + 1e-9), fewest, held)[()]
    return found


def recoveries(
    device: DeviceParameters,
    p: SeparationParameters,
    luck: Values = 0.0,
    carryover: Values | None = None,
) -> dict[str, Any]:
    """Return the share of each class that a run brings into the product.

    Parameters
    ----------
    device
        The device.
    p
        Densities and doses by class.
    luck
        Standard normal deviate of the run, 0 for the median run; a bad run is bad for all,
        (sample,) [-].
    carryover
        Share of the red cells that come over [-]; the device's own unless given.

    Returns
    -------
    dict
        Share by class, progenitors included, each between 0 and 1, (sample,) [-].
    """
    taller = device.column_height / p.reference_height
    over = device.red_cell_carryover if carryover is None else carryover
    cells = yield_of_run(device.cell_yield, p.cell_spread, luck)
    progenitors = yield_of_run(device.progenitor_yield, p.progenitor_spread, luck)
    found: dict[str, Any] = {}
    for name in (*p.share, PROGENITOR):
        freed = freed_share(
            p.density[name],
            device.spin_dose,
            p.freeing_dose[name] * taller,
            device.density_cut,
            device.cut_width,
        )
        reached = progenitors if name == PROGENITOR else cells
        found[name] = recovery(freed, reached, over)
    return found
