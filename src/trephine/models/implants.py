"""The geometry of implants, and the stiffness that follows from it where none is published."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

from trephine.core.errors import InputError, Problem
from trephine.core.units import Length, Positive, RotationalStiffness, Stiffness, Unit


@dataclass(frozen=True)
class Alloy:
    """What an implant is made of.

    Parameters
    ----------
    modulus
        Young's modulus [Pa].
    poisson
        Poisson's ratio [-].
    """

    SECTION: ClassVar[str] = "fixation.alloy"
    modulus: Annotated[float, Unit("Pa", "GPa", gt=0)]
    poisson: Annotated[float, Unit("1", "1", gt=0, le=0.49)]

    @property
    def shear_modulus(self) -> float:
        """Shear modulus, E / (2 (1 + nu)) [Pa]."""
        return self.modulus / (2.0 * (1.0 + self.poisson))


@dataclass(frozen=True)
class NailGeometry:
    """An interlocking nail; its diameter is the case's.

    Parameters
    ----------
    bore
        Diameter of its cannulation [m].
    working_length
        Length between the places where bone or bolts hold it [m].
    """

    SECTION: ClassVar[str] = "fixation.nail"
    bore: Length
    working_length: Length


@dataclass(frozen=True)
class PlateGeometry:
    """A locked plate.

    Parameters
    ----------
    width, thickness
        Of its section [m].
    working_length
        Distance between the two screws next to the fracture [m].
    """

    SECTION: ClassVar[str] = "fixation.plate"
    width: Length
    thickness: Length
    working_length: Length


@dataclass(frozen=True)
class UnilateralGeometry:
    """A frame of one bar and of pins in each bone end.

    Parameters
    ----------
    bar_diameter, bar_length
        Of the solid bar, its length between the two clamps next to the fracture [m].
    pins
        Pins in each bone end [-].
    pin_diameter, pin_length
        Of a pin, its free length between bone and bar [m].
    pin_spread
        Distance between the first and the last pin of a bone end [m].
    """

    SECTION: ClassVar[str] = "fixation.unilateral_fixator"
    bar_diameter: Length
    bar_length: Length
    pins: Positive
    pin_diameter: Length
    pin_length: Length
    pin_spread: Length


@dataclass(frozen=True)
class RingGeometry:
    """A ring frame: two rings on each bone end, with crossed wires under tension.

    Parameters
    ----------
    frame_axial, frame_bending, frame_torsion
        Stiffness of rings and rods without bone and wires [N/m, N*m/rad, N*m/rad].
    frame_length
        Distance between the two rings next to the fracture [m].
    ring_diameter
        Inner diameter of a ring: the length of a wire [m].
    ring_spread
        Distance between the two rings of a bone end [m].
    wires
        Wires in each bone end [-].
    wire_diameter, wire_tension
        Of a wire [m, N].
    bone_radius
        Radius of the bone that the wires cross [m].
    """

    SECTION: ClassVar[str] = "fixation.ring_fixator"
    frame_axial: Stiffness
    frame_bending: RotationalStiffness
    frame_torsion: RotationalStiffness
    frame_length: Length
    ring_diameter: Length
    ring_spread: Length
    wires: Positive
    wire_diameter: Length
    wire_tension: Annotated[float, Unit("N", "N", gt=0)]
    bone_radius: Length


class Springs(NamedTuple):
    """Stiffness of an implant with its anchorage, between the bone ends.

    Parameters
    ----------
    axial, shear
        Along and across the shaft [N/m].
    bending, torsion
        About an axis across the shaft, and about the shaft [N*m/rad].
    """

    axial: float
    shear: float
    bending: float
    torsion: float


def in_series(*stiffnesses: float) -> float:
    """Return the stiffness of springs one behind the other, 1 / sum(1 / k); zero if one is."""
    if min(stiffnesses) == 0.0:
        return 0.0
    return 1.0 / sum(1.0 / k for k in stiffnesses)


def tube(outer: float, bore: float = 0.0) -> float:
    r"""Return the second moment of area of a round tube, :math:`\pi (d^4-b^4)/64` [m^4]."""
    return math.pi * (outer**4 - bore**4) / 64.0


def nail(diameter: float, shape: NailGeometry, alloy: Alloy) -> tuple[float, float]:
    r"""Return what a nail resists across the shaft and in bending.

    .. math:: k_s = 12\,E I / L^3, \quad k_b = E I / L, \quad I = \pi (d^4-b^4)/64

    A beam between two clamped places a working length apart; bolts and bone are rigid, so both
    are upper bounds.

    Returns
    -------
    tuple
        Shear [N/m] and bending [N*m/rad].

    Raises
    ------
    InputError
        If the nail is no wider than its bore.
    """
    if diameter <= shape.bore:
        raise InputError(
            "the nail has no wall",
            [Problem("site.fixation.nail_diameter", f"must be more than {shape.bore * 1e3:g} mm")],
        )
    rigidity, length = alloy.modulus * tube(diameter, shape.bore), shape.working_length
    return 12.0 * rigidity / length**3, rigidity / length


def plate(shape: PlateGeometry, alloy: Alloy) -> tuple[float, float, float]:
    r"""Return what a plate resists across the shaft, in bending and in torsion.

    .. math::
        k_s = 12\,E I / L^3, \quad k_b = E I / L, \quad k_t = G J / L,
        \quad I = b t^3/12, \quad J = \tfrac13 b t^3 (1 - 0.63\,t/b)

    of its weak axis, with :math:`J` of a flat bar after Saint-Venant. Screws are rigid, so all
    three are upper bounds.

    Returns
    -------
    tuple
        Shear [N/m], bending and torsion [N*m/rad].
    """
    b, t, length = shape.width, shape.thickness, shape.working_length
    rigidity = alloy.modulus * b * t**3 / 12.0
    twisting = alloy.shear_modulus * b * t**3 * (1.0 - 0.63 * t / b) / 3.0
    return 12.0 * rigidity / length**3, rigidity / length, twisting / length


def unilateral(shape: UnilateralGeometry, alloy: Alloy) -> tuple[float, float]:
    r"""Return what a unilateral frame resists across the shaft and in bending.

    .. math::
        \frac1{k_s} = \frac{2}{n k_p} + \frac{L^3}{12\,E I_b}, \quad
        \frac1{k_b} = \frac{2}{k_p \sum x_i^2} + \frac{L}{E I_b}, \quad
        k_p = \frac{12\,E I_p}{h^3}

    Pins of free length :math:`h`, evenly spread at :math:`x_i` about their middle and clamped at
    both ends, carry the bone; the bar bends between them. Both are those of the weak direction,
    across the plane of the frame. Clamps are rigid, so both are upper bounds.

    Returns
    -------
    tuple
        Shear [N/m] and bending [N*m/rad].
    """
    pin = 12.0 * alloy.modulus * tube(shape.pin_diameter) / shape.pin_length**3
    bar, length = alloy.modulus * tube(shape.bar_diameter), shape.bar_length
    n = shape.pins
    # Sum of the squared places of n points evenly spread over a length about their middle.
    spread = shape.pin_spread**2 * n * (n + 1.0) / (12.0 * (n - 1.0)) if n > 1.0 else 0.0
    shear = in_series(0.5 * n * pin, 12.0 * bar / length**3)
    return shear, in_series(0.5 * pin * spread, bar / length)


def strung(rigidity: float, tension: float, length: float) -> tuple[float, float, float]:
    r"""Return how the end of a wire under tension resists, its other end clamped.

    .. math::
        V = a_{11} v + a_{12}\vartheta, \quad M = a_{12} v + a_{22}\vartheta, \quad
        \lambda = L\sqrt{T / E I}, \quad c = \lambda\sinh\lambda - 2(\cosh\lambda - 1)

    .. math::
        a_{11} = \frac{E I}{L^3}\frac{\lambda^3\sinh\lambda}{c}, \quad
        a_{12} = \frac{E I}{L^2}\frac{\lambda^2(\cosh\lambda-1)}{c}, \quad
        a_{22} = \frac{E I}{L}\frac{\lambda(\lambda\cosh\lambda-\sinh\lambda)}{c}

    for a shift :math:`v` across and a turn :math:`\vartheta` of the end: a beam that is a string
    as well. Without tension they are 12, 6 and 4 times their rigidity.

    Parameters
    ----------
    rigidity, tension, length
        E I [N*m^2], T > 0 [N] and L [m].

    Returns
    -------
    tuple
        The three coefficients [N/m, N, N*m].
    """
    x = length * math.sqrt(tension / rigidity)
    # Over exp(x), which a thin wire would make too large for a number.
    sinh, cosh, one = 0.5 - 0.5 * math.exp(-2 * x), 0.5 + 0.5 * math.exp(-2 * x), math.exp(-x)
    c = x * sinh - 2.0 * (cosh - one)
    return (
        rigidity / length**3 * x**3 * sinh / c,
        rigidity / length**2 * x**2 * (cosh - one) / c,
        rigidity / length * x * (x * cosh - sinh) / c,
    )


def ring(shape: RingGeometry, alloy: Alloy) -> Springs:
    r"""Return what a ring frame resists: its rods and rings in series with the wires of both ends.

    A wire of length :math:`D` carries bone of radius :math:`r` at its middle. Pushed across, its
    two halves resist by :math:`w = 2 a_{11}(D/2)`, see :func:`strung`; turned about the shaft,
    each half, of free length :math:`D/2 - r`, by

    .. math:: \omega = a_{22} + 2 r a_{12} + r^2 a_{11} + T r

    Wires cross in all directions and bone slides along them, so the :math:`n` wires of a bone end
    resist by :math:`n w` along the shaft, by :math:`n w / 2` across it, by :math:`2 n \omega`
    about it and, half of them in each of two rings :math:`d` apart, by :math:`n w d^2 / 8`
    against tilting. The frame's own resistance across the shaft is that of a beam with its
    bending stiffness, :math:`12 k_b / L^2`. A wire grows stiffer as it is pushed; this is its
    first stiffness.

    Raises
    ------
    InputError
        If the bone does not fit into the ring.
    """
    r, half = shape.bone_radius, 0.5 * shape.ring_diameter
    if r >= half:
        raise InputError("the bone is wider than the ring of its fixator")
    rigidity, tension = alloy.modulus * tube(shape.wire_diameter), shape.wire_tension
    across = 2.0 * strung(rigidity, tension, half)[0]
    shift, both, turn = strung(rigidity, tension, half - r)
    turned = turn + 2.0 * r * both + r**2 * shift + tension * r
    n = shape.wires
    return Springs(
        axial=in_series(0.5 * n * across, shape.frame_axial),
        shear=in_series(0.25 * n * across, 12.0 * shape.frame_bending / shape.frame_length**2),
        bending=in_series(n * across * shape.ring_spread**2 / 16.0, shape.frame_bending),
        torsion=in_series(n * turned, shape.frame_torsion),
    )
