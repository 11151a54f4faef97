"""Surgery on a bone that does not heal: another nail, a plate, a graft of own bone."""

from __future__ import annotations

from typing import Annotated, Literal

from trephine.case.document import Document
from trephine.case.fixation import Fixation
from trephine.core.units import Duration, Fraction, Length, Stiffness, Unit, written

GapLeft = Annotated[float, Unit("m", "mm", gt=0, le=0.15)]
GraftVolume = Annotated[float, Unit("m^3", "mL", gt=0, le=1e-4)]
NailWidth = Annotated[float, Unit("m", "mm", ge=0.006, le=0.02)]


class ExchangeNail(Document):
    """On this day the canal is reamed and a nail put in; what held the bone before is taken out.

    The non-union itself stays closed. Reaming takes the marrow, leaves debris, makes the ends
    bleed as far as it reaches, and brings what it ground into the gap.

    Parameters
    ----------
    day
        Day of the operation [s].
    nail_diameter
        Of the new nail [m].
    locking, alloy
        As in ``site.fixation``.
    axial_stiffness
        Stiffness of the new nail with its bolts along the shaft [N/m], if measured.
    gap_left
        Distance between the bone ends after the operation [m]; as before unless given.
    """

    kind: Literal["exchange_nail"]
    day: Duration
    nail_diameter: NailWidth
    locking: Literal["locked", "sliding"] = "locked"
    alloy: Literal["titanium", "steel"] = "titanium"
    axial_stiffness: Stiffness | None = None
    gap_left: GapLeft | None = None

    @property
    def fixation(self) -> Fixation:
        """What holds the bone from this day on."""
        return Fixation.model_validate(
            {"kind": "nail", **_given(self, "nail_diameter", "locking", "alloy", "axial_stiffness")}
        )


class RevisionPlating(Document):
    """On this day the non-union is opened, cleaned and plated.

    Tissue that is not bone is taken out of the gap, which fills with blood, and the ends are
    freshened until they bleed. Periosteum is stripped where the plate and the approach need it.

    Parameters
    ----------
    day
        Day of the operation [s].
    gap_left
        Distance between the bone ends after the operation [m]; less than before where the plate
        presses them together. As before unless given.
    earlier
        Whether what held the bone before stays beside the plate (augmentation) or is taken out.
    stripped
        Share of the living periosteum beside the gap that the operation takes [-]; as the
        catalogue assumes unless given.
    axial_stiffness
        Stiffness of the plate with its screws along the shaft [N/m], if measured.
    """

    kind: Literal["revision_plating"]
    day: Duration
    gap_left: GapLeft | None = None
    earlier: Literal["removed", "stays"] = "removed"
    stripped: Fraction | None = None
    axial_stiffness: Stiffness | None = None

    @property
    def fixation(self) -> Fixation:
        """The plate alone."""
        return Fixation.model_validate({"kind": "plate", **_given(self, "axial_stiffness")})


class Autograft(Document):
    """On this day the non-union is opened and cleaned, and iliac bone of the patient packed in.

    Parameters
    ----------
    day
        Day of the operation [s].
    volume
        Of packed graft [m^3]; what finds no room in reach of the gap is not used.
    bone
        Where it is taken.
    reach
        How far around the gap it is packed [m].
    stripped
        Share of the living periosteum beside the gap that the operation takes [-]; as the
        catalogue assumes unless given.
    """

    kind: Literal["autograft"]
    day: Duration
    volume: GraftVolume
    bone: Literal["anterior_iliac_crest", "posterior_iliac_crest"] = "anterior_iliac_crest"
    reach: Length = written("4 mm")
    stripped: Fraction | None = None


Surgery = ExchangeNail | RevisionPlating | Autograft
"""What opens, reams or fixes a bone anew."""

OPENS = (RevisionPlating, Autograft)
"""What opens the non-union itself."""


def _given(step: Document, *names: str) -> dict[str, object]:
    told = step.as_written()
    return {name: told[name] for name in names if told.get(name) is not None}
