"""Owns what X-rays see in tissue: CT numbers, basis materials and their attenuation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.core.types import Voxels
from trephine.core.units import Fraction, Length, Positive, Unit

Array = NDArray[np.float64]
ByName = Mapping[str, float]
MassAttenuation = Annotated[ByName, Unit("m^2/kg", "cm^2/g", gt=0)]

BASIS = ("soft", "cortical", "titanium")
"""What a film sees everything as: soft tissue, cortical bone, metal."""
SHOWN_AS_SUCH = ("fibrous", "cartilage", "clot", "demineralised_bone", "allograft", "ceramic")
"""Fields of a course that have a CT number of their own, by its name."""
REFERENCE = "keV60"
"""Energy at which a CT number means attenuation relative to water."""
AIR = -1000.0
"""CT number of nothing; lower numbers are artefacts of reconstruction and count as air."""


@dataclass(frozen=True)
class TissueNumbers:
    """CT numbers by tissue.

    Parameters
    ----------
    hounsfield
        CT number by tissue [HU].
    """

    SECTION: ClassVar[str] = "tissues"

    hounsfield: Annotated[ByName, Unit("1", "1")]


@dataclass(frozen=True)
class RadiographParameters:
    """Beam, basis materials, detector and limb.

    Parameters
    ----------
    tissue
        CT numbers by tissue [HU].
    spectrum
        Share of the open beam's detected signal by energy [-]; adds up to one.
    water, soft, cortical, titanium
        Mass attenuation by energy [m^2/kg].
    density
        Mass density by material [kg/m^3].
    pixel
        Edge of a film pixel [m].
    blur
        Full width at half maximum of the blur [m].
    noise
        Quantum noise of a pixel behind the limb's soft tissue, relative to its signal [-].
    limb
        Diameter of the limb as a multiple of the bone's [-].
    """

    SECTION: ClassVar[str] = "radiograph"

    tissue: TissueNumbers
    spectrum: Annotated[ByName, Unit("1", "1", ge=0, le=1)]
    water: MassAttenuation
    soft: MassAttenuation
    cortical: MassAttenuation
    titanium: MassAttenuation
    density: Annotated[ByName, Unit("kg/m^3", "g/cm^3", gt=0)]
    pixel: Length
    blur: Length
    noise: Fraction
    limb: Positive

    def __post_init__(self) -> None:
        """Check that the shares of the beam add up to one."""
        total = sum(self.spectrum.values())
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"the shares of the spectrum add up to {total:.6g}, not 1")

    @cached_property
    def attenuation(self) -> Array:
        """Linear attenuation of the basis materials, (energy, material) [1/m]."""
        return np.array(
            [
                [getattr(self, name)[energy] * self.density[name] for name in BASIS]
                for energy in sorted(self.spectrum)
            ]
        )

    def number_of(self, material: Literal["soft", "cortical"]) -> float:
        r"""Return the CT number of a basis material, :math:`1000(\mu/\mu_w - 1)` [HU]."""
        water = self.water[REFERENCE] * self.density["water"]
        own: float = getattr(self, material)[REFERENCE] * self.density[material]
        return 1000.0 * (own / water - 1.0)


def hounsfield(anatomy: Anatomy, fields: Mapping[str, Voxels], p: RadiographParameters) -> Voxels:
    r"""Return the CT number of all but the metal at one time.

    .. math:: H = H_0 + \frac{1}{1 - \phi_{metal}}
              \sum_i \phi_i \left( o\,H_i - c\,H_{marrow} - g\,H_{fibrous}
              - (o - c - g)\,H_{muscle} \right)

    New tissue takes the place of what filled the open part :math:`o` of a voxel on day 0: marrow
    in the canal :math:`c`, fibrous tissue in the gap :math:`g`, muscle elsewhere. So the film of a
    site where nothing grew is that of its CT. New bone counts by its mineral: lamellar bone as
    such, the rest that is mineralised as mature woven bone, what is left as fibrous tissue.

    Parameters
    ----------
    anatomy
        The site, with :math:`H_0`, (x, y, z) [HU].
    fields
        Any of ``fibrous``, ``cartilage``, ``woven``, ``lamellar``, ``mineralised`` (of the two
        together), ``clot``, ``demineralised_bone``, ``allograft`` and ``ceramic``, per volume of
        open tissue, (x, y, z) [-]; what is not there is nowhere.
    p
        CT numbers :math:`H_i` [HU].

    Returns
    -------
    Voxels
        CT numbers, (x, y, z) [HU]; as on day 0 where there is nothing but metal.
    """
    number = p.tissue.hounsfield
    is_open = anatomy.open
    before = (
        anatomy.canal * number["marrow"]
        + anatomy.gap * number["fibrous"]
        + (is_open - anatomy.canal - anatomy.gap) * number["muscle"]
    )
    nowhere = np.zeros(anatomy.grid.shape)
    part = {name: fields.get(name, nowhere) for name in ("woven", "lamellar", "mineralised")}
    parts = [
        (part["lamellar"], number["lamellar"]),
        (part["mineralised"] - part["lamellar"], number["woven_mature"]),
        (part["woven"] + part["lamellar"] - part["mineralised"], number["fibrous"]),
    ]
    parts += [(fields[name], number[name]) for name in SHOWN_AS_SUCH if name in fields]
    change: Voxels = np.zeros(anatomy.grid.shape)
    for fraction, own in parts:
        change += fraction * (is_open * own - before)
    rest = 1.0 - anatomy.metal
    share = np.divide(change, rest, out=np.zeros_like(change), where=rest > 1e-6)
    result: Voxels = anatomy.hounsfield + share
    return result


def materials(number: Voxels, metal: Voxels, p: RadiographParameters) -> Array:
    r"""Return the volume fractions of the basis materials that attenuate like the tissue.

    .. math:: \mu(E) = \sum_m f_m\,\rho_m\,(\mu/\rho)_m(E), \qquad
              \mu(60\,\mathrm{keV}) = \mu_w\,(1 + H/1000)

    Above the CT number of soft tissue a voxel is soft tissue and cortical bone; below it, thinned
    soft tissue. Bone denser than the reference has a bone fraction above one and a negative
    soft one, which is exact in attenuation.

    Parameters
    ----------
    number
        CT numbers of all but the metal, (x, y, z) [HU].
    metal
        Fraction of metal, (x, y, z) [-].
    p
        Attenuation and density of the materials.

    Returns
    -------
    Array
        Fractions of :data:`BASIS`, (material, x, y, z) [-].
    """
    soft, cortical = p.number_of("soft"), p.number_of("cortical")
    held = np.maximum(np.asarray(number, np.float64), AIR)
    bone = np.maximum(held - soft, 0.0) / (cortical - soft)
    thinned = np.minimum((held - AIR) / (soft - AIR), 1.0)
    return np.stack([(1.0 - metal) * (thinned - bone), (1.0 - metal) * bone, metal])
