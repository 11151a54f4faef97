"""What a dose refuses, tells of its marrow, and what an assay of its product would show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import trephine
from trephine import pipeline
from trephine.case.case import read
from trephine.case.settings import Settings
from trephine.catalogue.load import catalogue
from trephine.cli.run import rehearse
from trephine.core.errors import InputError
from trephine.models.beliefs import Beliefs
from trephine.models.burden import PlanningParameters, above_the_cap
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.reading import Reading
from trephine.study.colonies import dishes
from trephine.study.dose import dose, laboratory
from trephine.study.told import notices

EXAMPLE = Path(trephine.__file__).parent / "cli" / "examples" / "femur-nonunion.toml"
CASE = read(EXAMPLE)
MARROW = CASE.with_plan(steps=[s for s in CASE.plan.steps if s.kind != "injection" or s.day == 0])


def test_an_assay_scatters_as_colonies_do_and_counts_as_its_laboratory() -> None:
    here, paris = (
        dose(MARROW, count=4000, beliefs="printed", assay=a) for a in ("reference", "paris")
    )
    one, other = dishes(here, 0), dishes(paris, 0)
    factor = laboratory(DoseBeliefs.printed(), "paris")
    assert other.colonies.mean() / one.colonies.mean() == pytest.approx(factor, rel=0.02)
    product = here.injections[0].product
    expected = one.number * one.plated * np.asarray(product.progenitors / product.nucleated)
    scatter = one.colonies - expected
    assert np.mean(scatter**2 / expected) == pytest.approx(1.0, abs=0.1), "Poisson"
    assert (dishes(here, 0).colonies == one.colonies).all()


def test_marrow_above_the_cap_of_the_catalogue_is_told() -> None:
    planning = Reading(catalogue()).fill(PlanningParameters)
    step = MARROW.plan.injections[0].as_written()
    step["harvest"] |= {"draws": ["200 x 10 mL"], "track": 4}
    much = MARROW.with_plan(steps=[step]).plan.injections
    (said,) = above_the_cap(much, 80.0, planning)
    assert said.startswith(
        "2,000 mL of marrow on day 0 are 25 mL for each kg of the patient; plans"
    )
    assert above_the_cap(MARROW.plan.injections, 12.0, planning) == []
    assert len(above_the_cap(MARROW.plan.injections, 5.0, planning)) == 1
    light = MARROW.changed({"patient": {"mass": "5 kg"}})
    told = dose(light, count=50)
    assert any("for each kg" in said for said in notices(light, told, None))


@pytest.mark.parametrize("volume", ["1 mL", "66 mL"])
def test_a_product_that_middle_luck_cannot_make_is_refused(volume: str) -> None:
    step = MARROW.plan.injections[0].as_written()
    step["process"] |= {"product_volume": volume}
    step["deliver"] |= {"volume": "1 mL"}
    case = MARROW.with_plan(steps=[step])
    place = r"plan\.steps\.0\.process\.product_volume"
    with pytest.raises(InputError, match=place):
        dose(case, count=10)
    with pytest.raises(InputError, match=place):
        pipeline.check(case, Beliefs.printed(), Settings.preset("draft"))


def test_portions_beside_the_bone_are_refused_before_a_run() -> None:
    step = MARROW.plan.injections[0].as_written()
    step["deliver"] |= {"portions": 2, "apart": "90 mm"}
    case = MARROW.with_plan(steps=[step])
    with pytest.raises(InputError, match=r"plan\.steps\.0\.deliver\.apart"):
        rehearse(case, Settings.preset("draft"), Path("no"), 0, is_resumed=False,
                 is_json_wanted=False)  # fmt: skip
