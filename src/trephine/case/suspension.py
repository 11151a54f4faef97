"""A volume of marrow or of what was made from it, and the cells in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Suspension:
    """Cells in a volume; totals, not concentrations.

    A law over samples fills the fields with arrays (sample,); a run with plain numbers.

    Parameters
    ----------
    volume
        Volume of everything, anticoagulant included, so that concentrations are those of the
        diluted pool [m^3].
    nucleated
        Nucleated cells [-].
    progenitors
        Connective-tissue progenitors, counted as CFU-F in the reference laboratory, or cells
        grown from them [-].
    platelets
        Platelets [-].
    red_cell_volume
        Packed volume of the red cells [m^3].
    anticoagulant
        Volume of anticoagulant [m^3].
    """

    volume: float
    nucleated: float
    progenitors: float
    platelets: float
    red_cell_volume: float
    anticoagulant: float

    @property
    def haematocrit(self) -> float:
        """Red cell volume fraction [-]."""
        return self.red_cell_volume / self.volume

    def share(self, volume: float) -> Suspension:
        """Return a well-mixed part of the suspension with the given volume [m^3]."""
        part = volume / self.volume
        return Suspension(
            volume,
            self.nucleated * part,
            self.progenitors * part,
            self.platelets * part,
            self.red_cell_volume * part,
            self.anticoagulant * part,
        )
