"""What published numbers contradict: the list that is known, and each check seen to find one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from made_evidence import arm, study, united
from trephine.catalogue import agreement, consistency
from trephine.catalogue.cohorts import Study, cohorts, values
from trephine.catalogue.contradiction import Contradiction
from trephine.catalogue.effects import Effects, Harm, RiskFactor, effects
from trephine.catalogue.load import catalogue
from trephine.catalogue.quality import contradictions
from trephine.catalogue.records import Source

KNOWN = {
    ("arms add up", "Centeno2015dose", "Centeno2015dose.arms"),
    ("arms add up", "MILES2023", "MILES2023.arms"),
    ("count", "Bhandari2003.factors_3.reoperation_12_months", "the same"),
    (
        "disagreement",
        "TSACO_openIM.immediate_im_nail.delayed_union",
        "Turley2023.all.delayed_union",
    ),
    ("disagreement", "risk_factors osteoporosis", "risk_factors osteoporosis_2"),
    (
        "dose",
        "Hernigou2005.not_united.progenitors_per_volume",
        "Hernigou2005.not_united.progenitors",
    ),
    (
        "dose",
        "Tomaru2018cells.trauma.concentration_factor_of_progenitors",
        "Tomaru2018cells.trauma.progenitors_concentrate",
    ),
    ("same patients", "Braly2013.all.union", "Palombella_ref15.all.union_12_months"),
    ("same patients", "Goel2005.all.union", "Palombella_ref18.all.union_6_months"),
    ("spread", "Hernigou2005.all.progenitors_per_volume_aspirate", "the same"),
    ("spread", "Tomaru2018cells.steroid.progenitors_concentrate", "the same"),
    ("spread", "Tomaru2018cells.steroid.progenitors_pooled", "the same"),
    ("spread", "Tomaru2018cells.trauma.progenitors_pooled", "the same"),
    ("spread", "harms donor_pain_calcaneus", "the same"),
    ("spread", "harms donor_pain_distal_tibia", "the same"),
    ("spread", "harms donor_pain_iliac_crest", "the same"),
    ("two names", "Mayo_BJO2021", "sources HipPlatelets2021"),
    ("two names", "Tomaru2018cells", "sources Kumagai2018"),
    ("whole patients", "Lin2019.autograft.union", "Lin2019.autograft"),
    ("whole patients", "Lin2019.concentrate_allograft.union", "Lin2019.concentrate_allograft"),
}
"""Every contradiction known today; a new one is a mistake of entry or a finding to be told."""

NONE = Effects(risk_factors={}, harms={}, least_differences={}, patients={})
COMMON = {"where": "made row 2", "access": "seen", "confidence": 0.9, "role": "context"}


def test_the_contradictions_are_those_that_are_known() -> None:
    found = contradictions(cohorts(), effects(), catalogue().sources)
    named = {(c.check, c.first, "the same" if c.second == c.first else c.second) for c in found}
    assert named == KNOWN
    assert len(found) == len(KNOWN)


def test_each_says_where_and_with_which_numbers() -> None:
    places = set(values(cohorts())) | {f"{s}.{a}" for s, e in cohorts().items() for a in e.arms}
    places |= {f"{s}.arms" for s in cohorts()} | set(cohorts())
    for c in contradictions(cohorts(), effects(), catalogue().sources):
        for place in (c.first, c.second):
            assert place in places or place.startswith(("risk_factors ", "harms ", "sources "))
        assert re.search(r"\d", c.why) or c.check == "two names"


def test_a_mistyped_number_is_seen() -> None:
    name = "Hernigou2005"
    whole = cohorts()[name]
    union = whole.arms["all"].endpoints["union"].model_copy(update={"printed": 83.3})
    arms = {**whole.arms, "all": whole.arms["all"].model_copy(update={"endpoints": {"u": union}})}
    twin = {**cohorts(), name: whole.model_copy(update={"arms": arms})}
    found = contradictions(twin, effects(), catalogue().sources)
    assert ("count", f"{name}.all.u") in {(c.check, c.first) for c in found}


Check = Callable[..., Iterator[Contradiction]]


def one(**arms: Any) -> dict[str, Study]:
    return {"A": study(arms)}


def sized(n: int, **arms: Any) -> dict[str, Study]:
    return {"A": study(arms, sizes={"patients": n})}


def level(outcome: str, printed: float, time: str = "", **more: Any) -> dict[str, Any]:
    """Return a made-up level of a score."""
    plain = {"outcome": outcome, "measure": "level", "printed": printed, "unit": "points"}
    return plain | {"time": time} | more


def injected(per: float, total: float, volume: float = 20, sign: str = "") -> dict[str, Any]:
    """Return made-up doses: a volume, a concentration and a number of progenitors."""
    return {
        "volume": {"measure": "volume injected", "printed": volume, "unit": "mL"},
        "per": {
            "measure": "progenitors per volume",
            "of": "graft",
            "printed": per,
            "unit": "CFU/mL",
            "sign": sign,
        },
        "total": {"measure": "progenitors", "printed": total, "unit": "CFU"},
    }


def spread(printed: float, measure: str = "odds ratio", **ends: Any) -> dict[str, Study]:
    e = {"outcome": "union", "measure": measure, "printed": printed, "unit": "1"}
    return one(a=arm(10, x=e | {"spread": [ends]}))


def pain(change: float, **more: Any) -> dict[str, Study]:
    e = level("ODI", change, "3 months", measure="change")
    return one(
        a=arm(9, b=level("ODI", 56.5, "baseline"), c=level("ODI", 22.8, "3 months"), d=e | more)
    )


CASES: list[tuple[Check, Mapping[str, Study], Mapping[str, Study]]] = [
    (
        lambda s: consistency.counts(s, NONE),
        one(a=arm(10, x=united(70, events=[6], total=10))),
        one(a=arm(10, x=united(70, events=[7], total=10))),
    ),
    (
        consistency.whole_patients,
        one(a=arm(26, x=united(75))),
        one(a=arm(26, x=united(76.9))),
    ),
    (consistency.sizes, sized(21, a=arm(10), b=arm(10)), sized(20, a=arm(10), b=arm(10))),
    (
        consistency.sizes,
        one(a=arm(10), b=arm(6, part_of="a"), c=arm(5, part_of="a")),
        one(a=arm(10), b=arm(6, part_of="a"), c=arm(4, part_of="a")),
    ),
    (
        consistency.sizes,
        one(a=arm(10, x=united(50, events=[6], total=12))),
        one(a=arm(10, x=united(50, events=[5], total=10))),
    ),
    (
        lambda s: consistency.spreads(s, NONE),
        spread(2.0, kind="interval", low=1.5, high=1.9),
        spread(1.7, kind="interval", low=1.5, high=1.9),
    ),
    (
        lambda s: consistency.spreads(s, NONE),
        spread(3.0, kind="interval", low=1.0, high=4.0),
        spread(2.0, kind="interval", low=1.0, high=4.0),
    ),
    (
        lambda s: consistency.spreads(s, NONE),
        spread(2.0, "difference", kind="interval", low=1.0, high=4.0),
        spread(2.5, "difference", kind="interval", low=1.0, high=4.0),
    ),
    (
        lambda s: consistency.spreads(s, NONE),
        one(a=arm(9, x=level("RUST", 3, scale=[4, 12]))),
        one(a=arm(9, x=level("RUST", 4, scale=[4, 12]))),
    ),
    (
        lambda s: consistency.spreads(s, NONE),
        spread(5.0, "level", kind="sd", value=6.0),
        spread(5.0, "level", kind="sd", value=4.0),
    ),
    (
        consistency.courses,
        one(a=arm(9, x=united(80, time="6 months"), y=united(70, time="1 y"))),
        one(a=arm(9, x=united(80, time="1 y"), y=united(70, time="6 months"))),
    ),
    (
        consistency.courses,
        one(
            a=arm(
                9,
                x=united(44, outcome="tendon healed", time="6 months"),
                y=united(67, outcome="tendon healed", time="10 y"),
            )
        ),
        one(
            a=arm(
                9,
                x=united(67, outcome="tendon healed", time="6 months"),
                y=united(44, outcome="tendon healed", time="10 y"),
            )
        ),
    ),
    (
        consistency.doses,
        one(a=arm(7, doses=injected(634, 19324))),
        one(a=arm(7, doses=injected(634, 12680))),
    ),
    (
        consistency.doses,
        one(a=arm(7, doses=injected(1500, 20000, sign=">"))),
        one(a=arm(7, doses=injected(1500, 54962, sign=">"))),
    ),
    (
        consistency.doses,
        one(
            a=arm(60, doses={"p": injected(1, 60000)["total"]}),
            b=arm(53, doses={"p": injected(1, 54962)["total"]}, part_of="a"),
            c=arm(7, doses={"p": injected(1, 19324)["total"]}, part_of="a"),
        ),
        one(
            a=arm(60, doses={"p": injected(1, 51000)["total"]}),
            b=arm(53, doses={"p": injected(1, 54962)["total"]}, part_of="a"),
            c=arm(7, doses={"p": injected(1, 19324)["total"]}, part_of="a"),
        ),
    ),
    (consistency.differences, pain(-30.0), pain(-33.7)),
    (
        consistency.complements,
        one(a=arm(9, x=united(90), y=united(20, outcome="nonunion"))),
        one(a=arm(9, x=united(80), y=united(20, outcome="nonunion"))),
    ),
    (
        consistency.complements,
        one(
            a=arm(9, x=level("time to union", 12, unit="weeks")),
            b=arm(5, part_of="a", x=level("time to union", 60, unit="days")),
            c=arm(4, part_of="a", x=level("time to union", 70, unit="days")),
        ),
        one(
            a=arm(9, x=level("time to union", 9, unit="weeks")),
            b=arm(5, part_of="a", x=level("time to union", 60, unit="days")),
            c=arm(4, part_of="a", x=level("time to union", 70, unit="days")),
        ),
    ),
    (
        agreement.same_patients,
        {
            "A": study({"a": arm(20, x=united(75, events=[15], total=20))}),
            "B": study({"a": arm(19, x=united(78.9, events=[15], total=19))}),
        },
        {
            "A": study({"a": arm(20, x=united(75, events=[15], total=20))}),
            "B": study({"a": arm(19, x=united(78.9, events=[15], total=19))}, site="femur"),
        },
    ),
    (
        lambda s: agreement.disagreements(s, NONE),
        {"A": study({"a": arm(100, x=united(90))}), "B": study({"a": arm(100, x=united(60))})},
        {"A": study({"a": arm(100, x=united(90))}), "B": study({"a": arm(10, x=united(80))})},
    ),
    (
        lambda s: agreement.two_names(
            s, {"Z": Source(title="t", where="https://x/10.1000/nobody")}
        ),
        one(a=arm(9)),
        {"Z": study({"a": arm(9)})},
    ),
]


@pytest.mark.parametrize(("check", "wrong", "right"), CASES)
def test_each_check_finds_what_it_is_for_and_lets_the_rest_be(
    check: Check, wrong: Mapping[str, Study], right: Mapping[str, Study]
) -> None:
    assert len(list(check(wrong))) == 1
    assert list(check(right)) == []


def test_a_difference_between_arms_is_checked_too() -> None:
    def arms(told: float) -> dict[str, Study]:
        change = {"measure": "change", "unit": "mm"}
        return one(
            a=arm(
                9,
                x=level("cartilage thickness", -0.21, "2 y", **change),
                y=level(
                    "cartilage thickness", told, "2 y", measure="difference", unit="mm", against="b"
                ),
            ),
            b=arm(9, x=level("cartilage thickness", -0.1, "2 y", **change)),
        )

    assert list(consistency.differences(arms(-0.11))) == []
    (found,) = consistency.differences(arms(-0.31))
    assert found.why == "-0.21 less -0.1 is -0.11, but -0.31 is printed"


def risk(printed: float, low: float, high: float, **more: Any) -> RiskFactor:
    plain: dict[str, Any] = {
        "factor": "smoking",
        "population": "all",
        "outcome": "nonunion",
        "measure": "odds ratio",
        "adjusted": "yes",
        "printed": printed,
        "unit": "1",
        "spread": [{"kind": "interval", "low": low, "high": high}],
    }
    return RiskFactor(**(plain | COMMON | more))


def test_risk_factors_whose_intervals_do_not_touch_are_found() -> None:
    def found(*entries: RiskFactor) -> list[Contradiction]:
        table = NONE.model_copy(update={"risk_factors": dict(zip("abc", entries, strict=False))})
        return list(agreement.disagreements({}, table))

    assert len(found(risk(1.2, 1.1, 1.3), risk(3.0, 2.0, 4.5))) == 1
    assert found(risk(1.2, 1.1, 1.3), risk(1.6, 1.3, 2.0)) == []
    assert found(risk(1.2, 1.1, 1.3), risk(3.0, 2.0, 4.5, outcome="delayed union")) == []


def test_a_harm_whose_counts_do_not_fit_is_found() -> None:
    def found(printed: float) -> list[Contradiction]:
        told: dict[str, Any] = {"event": "pain", "population": "all", "severity": "minor"}
        harm = Harm(printed=printed, unit="%", events=6, total=523, **told, **COMMON)  # type: ignore[arg-type]
        return list(consistency.counts({}, NONE.model_copy(update={"harms": {"h": harm}})))

    assert found(1.15) == []
    assert [c.why for c in found(1.51)] == ["printed 1.51 %, but 6 of 523 is 1.1 %"]


def test_one_source_quoted_twice_with_two_numbers_is_found() -> None:
    told = one(c2=arm(9, x=united(84.8, outcome="collapse", time="5 y")) | {"label": "JIC C2"})

    def found(printed: float) -> list[Contradiction]:
        entry = risk(1, 0, 2).model_copy(
            update={
                "factor": "ONFH JIC type C2",
                "outcome": "collapse 5 y",
                "measure": "risk",
                "printed": printed,
                "unit": "%",
                "source": "10.1000/nobody",
            }
        )
        table = NONE.model_copy(update={"risk_factors": {"r": entry}})
        return list(agreement.quoted_twice(told, table))

    assert found(84.8) == []
    assert [(c.first, c.second) for c in found(48.8)] == [("A.c2.x", "r")]


def test_the_real_tables_are_compared_where_one_source_stands_in_both() -> None:
    shipped = effects()
    altered = {
        key: shipped.risk_factors[key].model_copy(update={"printed": 0.75 if key[0] == "m" else 50})
        for key in ("onfh_jic_type_c2", "max_gap_at_least_4_14_mm")
    }
    twin = shipped.model_copy(update={"risk_factors": altered})
    assert len(list(agreement.quoted_twice(cohorts(), twin))) == 2
    assert list(agreement.quoted_twice(cohorts(), shipped)) == []


def test_the_page_tells_every_contradiction() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "evidence" / "contradictions.md"
    text = page.read_text(encoding="utf-8")
    for check, first, _ in KNOWN:
        assert f"| {check} |" in text
        assert f"`{first}`" in text
