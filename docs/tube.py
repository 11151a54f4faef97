"""Draw the layers of a spun tube for the page on settling, into docs/images/tube.svg."""

from __future__ import annotations

from pathlib import Path

from trephine.case.processing import Spin
from trephine.catalogue.load import catalogue
from trephine.models.reading import Reading
from trephine.models.separation import SeparationParameters
from trephine.models.settling import SettlingParameters, layers_of_spin, recoveries_of_spin
from trephine.report.tube import film_strip

PICTURE = Path(__file__).parent / "images" / "tube.svg"
SPIN = {"g": 1000, "radius": "15 cm", "duration": "10 min", "column": "8 cm"}
ALONE = 'xmlns="http://www.w3.org/2000/svg" style="background:#fff" '
"""What an SVG needs outside a page."""


def main() -> None:
    """Write the picture: marrow of haematocrit 0.30, a slice with a tenth of the red cells."""
    reading = Reading(catalogue())
    p, cut = reading.fill(SettlingParameters), reading.fill(SeparationParameters)
    spin = Spin.model_validate(SPIN)
    taken = recoveries_of_spin(spin, 0.30, 0.10, p, 0.15)
    levels = (float(taken.bottom), float(taken.top))
    drawn = film_strip(layers_of_spin(spin, 0.30, p), spin, cut.shares(), levels)
    drawn = drawn.replace("<svg ", f"<svg {ALONE}", 1).replace('"inherit"', '"sans-serif"', 1)
    PICTURE.write_text(drawn + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
