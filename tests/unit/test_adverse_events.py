"""Harm of a plan: rates pooled over clinics, and the gap between being told and asking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta

from trephine.case.case import of_any_kind
from trephine.case.course_case import CourseCase
from trephine.catalogue.effects import effects
from trephine.catalogue.load import catalogue
from trephine.catalogue.safety import Safety, put_together, safety
from trephine.cli.example import written
from trephine.core.errors import CatalogueError
from trephine.models import plan_harms
from trephine.models.adverse_events import (
    AdverseEventParameters,
    Rate,
    pooled,
    reporting,
    tallies,
)
from trephine.models.plan_harms import expected, unknown_harms
from trephine.models.reading import Reading
from trephine.report import harms

P = Reading(catalogue()).fill(AdverseEventParameters)
FACTOR = reporting(safety(), P)


def case(name: str = "femur-nonunion") -> CourseCase:
    import tomllib  # noqa: PLC0415  (for this alone)

    return of_any_kind(tomllib.loads(written(name)), name)


def test_clinics_that_do_not_differ_give_the_posterior_of_a_share() -> None:
    alike = replace(P, between_sources=0.02)
    mean, low, high = pooled([(16, 523)], alike).of_some()
    exact = beta(16.5, 507.5)
    assert mean == pytest.approx(exact.mean(), rel=0.02)
    assert (low, high) == pytest.approx(exact.ppf([0.025, 0.975]), rel=0.03)


def test_another_clinic_is_less_sure_than_the_one_that_counted() -> None:
    def width(p: AdverseEventParameters) -> float:
        _, low, high = pooled([(325, 3012)], p).of_some()
        return float(np.log(high / low))

    assert width(P) > 3 * width(replace(P, between_sources=0.02))


def test_a_second_source_that_agrees_makes_surer() -> None:
    _, low, high = pooled([(10, 500)], P).of_some()
    _, low_two, high_two = pooled([(10, 500), (10, 500)], P).of_some()
    assert high_two / low_two < 0.8 * high / low


def test_no_count_gives_no_rate() -> None:
    with pytest.raises(ValueError, match="no count"):
        pooled([], P)


def test_chance_of_some_in_two_times_is_that_of_two_tosses() -> None:
    theta = Rate(np.eye(960)[400])
    once, twice = theta.of_some()[0], theta.of_some(2)[0]
    assert twice == pytest.approx(1 - (1 - once) ** 2, rel=1e-9)


def test_counts_among_people_hold_the_spread_of_luck_and_of_clinics() -> None:
    low, high = pooled([(140, 334)], P).among(100)
    assert low < 30
    assert high > 55


def test_a_trial_finds_several_times_what_a_registry_is_told() -> None:
    median, low, high = reporting(safety(), P).factor
    assert 4 < median < 10
    assert low < 5
    assert high > 6
    assert dict(reporting(safety(), P).matched)["any"] == pytest.approx(5.96, rel=0.01)


def test_without_a_matched_count_the_prior_stands() -> None:
    nothing = Safety(safety().events, ())
    assert reporting(nothing, P).factor[0] == pytest.approx(P.reporting_factor)


def mixed(known: Safety, event: str) -> list[tuple[int, int]]:
    """Sabotage: pool whoever counted, asked or not."""
    return tallies(c for c in known.counts if c.event == event)


def test_a_registry_is_never_quoted_as_a_trial() -> None:
    known = safety()
    honest = pooled(tallies(known.counted("any", asks=True)), P).of_some()[0]
    assert honest == pytest.approx(0.42, abs=0.02)
    assert pooled(mixed(known, "any"), P).of_some()[0] < 0.8 * honest
    for event in known.events:
        told = {c.name for c in known.counted(event, asks=False)}
        assert not told & {c.name for c in known.counted(event, asks=True)}


def test_what_is_cited_for_context_sets_no_rate() -> None:
    known = safety()
    assert not known.counted("any_harvest", asks=False)
    assert any(c.event == "any_harvest" for c in known.counts)
    assert "any_harvest" not in {harm.event for harm in expected(case())}


def test_a_report_that_names_no_harm_or_no_event_is_refused() -> None:
    events = {"any": {"about": "x", "of": "patient", "severity": "any", "found": "anyway"}}
    wrong = {"any_complication": {"event": "any", "reporter": "trial"}}
    with pytest.raises(CatalogueError, match="no such harm"):
        put_together({"events": events, "reports": wrong}, effects())
    name = "any_complication_bmac_knee_arms_of_6_rcts"
    with pytest.raises(CatalogueError, match="no event"):
        put_together(
            {"events": events, "reports": {name: {"event": "some", "reporter": "trial"}}},
            effects(),
        )
    no_total = "deep_infection_at_injection_site_bm_bmac_nonunion_25_studies"
    with pytest.raises(CatalogueError, match="no total"):
        put_together(
            {"events": events, "reports": {no_total: {"event": "any", "reporter": "series"}}},
            effects(),
        )


def test_serious_harm_is_not_multiplied_and_passing_harm_is() -> None:
    found = {harm.event: harm for harm in expected(case())}
    assert found["major"].asked is None
    assert found["minor"].asked is not None
    assert found["minor"].asked.basis == "scaled"
    assert found["any"].asked is not None
    assert found["any"].asked.basis == "counted"


def test_two_injections_give_two_chances_and_one_harvest_one() -> None:
    found = {harm.event: harm for harm in expected(case())}
    once = {harm.event: harm for harm in expected(case("tibia-nonunion"))}
    assert (found["any"].times, found["major"].times, found["neoplasm"].times) == (2, 1, 1)
    assert found["any"].told is not None
    assert once["any"].told is not None
    assert found["any"].told.mean > 1.5 * once["any"].told.mean


def raised(thinned: CourseCase) -> set[str]:
    """Return the events that the chances of a thinned patient raise."""
    plain = {harm.event: harm for harm in expected(case())}
    return {h.event for h in expected(thinned) if h != plain[h.event]}


def test_blood_thinners_raise_bleeding_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    thinned = case().changed({"patient": {"anticoagulated": True}})
    assert raised(thinned) == {"haemorrhage"}
    paragraphs = " ".join(told_of(thinned).paragraphs)
    assert "is assumed" in paragraphs
    assert "524 biopsies" in paragraphs
    # Sabotage: the factor on whatever a harvest may bring.
    known = safety()
    all_bleed = {k: e.model_copy(update={"bleeding": True}) for k, e in known.events.items()}
    monkeypatch.setattr(plan_harms, "_laws", lambda: (P, replace(known, events=all_bleed), FACTOR))
    monkeypatch.setattr(plan_harms, "bleeding_factor", lambda _: 3.0)
    assert "major" in {h.event for h in expected(case()) if h.told and h.told.mean > 0.02}


def told_of(one: CourseCase) -> harms.Harms:
    found = harms.told(one)
    assert found is not None
    return found


def test_the_gravest_harm_is_told_first_as_printed() -> None:
    found = expected(case("knee-osteoarthritis"))
    assert [h.event for h in found[:3]] == ["death", "haemorrhage", "deep_infection"]
    assert all(h.told is None and h.asked is None for h in found[:3])
    rows = told_of(case("knee-osteoarthritis")).rows
    assert rows[0][1].startswith("1 of 54,890 (")
    assert rows[1][1].startswith("14 of 54,890 (")
    assert rows[2][1].startswith("2 (")
    assert rows[-1][0] == "anything unwanted at all"


def test_a_rate_of_knees_says_so_to_who_has_another_joint() -> None:
    assert harms.IN_KNEES in told_of(case("hip-osteonecrosis")).paragraphs
    assert harms.IN_KNEES not in told_of(case("knee-osteoarthritis")).paragraphs


def test_an_operation_of_which_nothing_is_known_is_named() -> None:
    fused = case("lumbar-disc").with_plan(
        steps=[{"kind": "operation", "day": "0 d", "what": "fusion"}]
    )
    assert unknown_harms(fused)[0].startswith("Of harm by fusion ")


def test_a_count_told_as_printed_sets_no_rate() -> None:
    known = safety()
    death = next(c for c in known.counts if c.event == "death")
    assert known.printed_counts("death") == (death,)
    assert known.counted("death", asks=False) == ()
    # Sabotage: an event of which every count may set a rate has no place for one without a total.
    plain = {k: e.model_copy(update={"as_printed": False}) for k, e in known.events.items()}
    assert replace(known, events=plain).counted("deep_infection", asks=False) != ()


def test_fluid_in_the_knee_belongs_to_knees() -> None:
    assert "effusion" not in {harm.event for harm in expected(case())}


def test_a_plan_without_cells_has_no_harm_of_cells() -> None:
    assert expected(case("femur-no-cells")) == ()


def test_what_has_no_record_is_said() -> None:
    assert any("culture" in gap for gap in unknown_harms(case()))
