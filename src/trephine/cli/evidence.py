"""``trephine evidence``: the published record on the terminal, with its claims and its quarrels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer

from trephine.core.errors import LEAST_PART, InputError, Problem, did_you_mean

if TYPE_CHECKING:
    from trephine.catalogue.claims import Claim
    from trephine.catalogue.cohorts import Study
    from trephine.catalogue.printed import Frozen

What = Literal["list", "show", "search", "effects", "claims", "contradictions", "worksheet"]


def evidence(
    what: Annotated[
        What,
        typer.Argument(metavar="WHAT", help="One of " + ", ".join(get_args(What)) + "."),
    ] = "list",
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORDS",
            help="With 'show': a study, claim or effect. With 'search': words that all must occur. "
            "With 'claims' and 'worksheet': which, all unless given.",
        ),
    ] = None,
    condition: Annotated[
        str | None, typer.Option(help="With 'list': studies of this condition alone.")
    ] = None,
    product: Annotated[
        str | None, typer.Option(help="With 'list': studies with such an arm alone.")
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(help="With 'list': what may calibrate, is held out, or is context."),
    ] = None,
    is_json_wanted: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show what is published on the therapy, as printed: studies, effects, claims, contradictions.

    'list' names the studies, 'show' prints one with every arm and value, 'effects' the risk
    factors, harms and least differences, 'claims' what public descriptions say and what is known
    of it, 'contradictions' which published numbers do not go together, and 'worksheet' what a
    second reader has to type, without the numbers.
    """
    given = words or []
    filters = {"--condition": condition, "--product": product, "--role": role}
    wrong = [Problem(k, "goes with 'list' alone") for k, v in filters.items() if v]
    if what != "list" and wrong:
        raise InputError(f"'trephine evidence {what}' takes no filter", wrong)
    if what in {"list", "effects", "contradictions"} and given:
        raise InputError(f"'trephine evidence {what}' takes no words; did you mean 'search'?")
    if what in {"show", "search"} and not given:
        raise InputError(f"'trephine evidence {what}' needs a name or words to look for")
    if what == "worksheet":
        _worksheet(given)
        return
    found: Any = {
        "list": lambda: _listed(condition, product, role),
        "show": lambda: {name: _entry(name) for name in given},
        "search": lambda: _matches(given),
        "effects": _effects,
        "claims": lambda: _claims(given),
        "contradictions": _contradictions,
    }[what]()
    if is_json_wanted:
        typer.echo(json.dumps(_plain(found), indent=2, ensure_ascii=False))
        return
    from trephine.cli import evidence_tables

    getattr(evidence_tables, what)(found)


def _listed(condition: str | None, product: str | None, role: str | None) -> dict[str, Study]:
    from trephine.catalogue.cohorts import cohorts
    from trephine.catalogue.vocabulary import Condition, Product, Role

    conditions = _chosen(condition, list(Condition), "--condition")
    products = _chosen(product, list(Product), "--product")
    if role is not None and role not in get_args(Role):
        raise InputError(
            f"'{role}' is no role of a published value; {did_you_mean(role, get_args(Role))}"
        )
    return {
        name: study
        for name, study in cohorts(role).items()  # type: ignore[arg-type]  # checked above
        if study.condition in conditions
        and any(arm.product in products for arm in study.arms.values())
    }


def _chosen(word: str | None, known: list[Any], option: str) -> list[Any]:
    """Return the names that a word is, or else holds; all where there is no word."""
    if word is None:
        return known
    found = [k for k in known if k == word] or [k for k in known if word.lower() in k.lower()]
    if not found:
        raise InputError(f"{option}: nothing is called '{word}'; {did_you_mean(word, known)}")
    return found


def entries() -> dict[str, Frozen]:
    """Return everything that 'show' can show, by name."""
    from trephine.catalogue.claims import claims
    from trephine.catalogue.cohorts import cohorts, values
    from trephine.catalogue.effects import effects

    return {
        **cohorts(),
        **values(cohorts()),
        **claims(),
        **{f"{table}.{key}": value for table, rows in effects() for key, value in rows.items()},
    }


def _entry(name: str) -> Frozen:
    known = entries()
    if name not in known:
        raise InputError(f"no evidence is called '{name}'; {_nearest(name, known)}")
    return known[name]


def _nearest(name: str, known: Mapping[str, Frozen]) -> str:
    """Return a hint; names are many, so that all of them are never listed."""
    same = {k.lower(): k for k in known}
    if name.lower() in same:
        return f"did you mean '{same[name.lower()]}'?"
    holding = [k for k in known if name.lower() in k.lower() and "." not in k]
    if len(name) >= LEAST_PART and holding:
        return f"names that hold it: {', '.join(holding)}"
    hint = did_you_mean(name, known)
    return hint if hint.startswith("did") else "'trephine evidence search' finds names by words"


def _matches(words: list[str]) -> dict[str, Frozen]:
    """Return the entries whose text holds every word; a study only where no value of it does."""
    low = [word.lower() for given in words for word in given.split()]
    found = {}
    for name, entry in entries().items():
        text = f"{name} {json.dumps(_plain(entry), ensure_ascii=False)}".lower()
        if all(word in text for word in low):
            found[name] = entry
    return {
        name: entry
        for name, entry in found.items()
        if "." in name or not any(other.startswith(f"{name}.") for other in found)
    }


def _effects() -> dict[str, Mapping[str, Frozen]]:
    from trephine.catalogue.effects import effects

    return dict(effects())


def _claims(names: list[str]) -> dict[str, Claim]:
    from trephine.catalogue.claims import claims

    ledger = claims()
    for name in names:
        if name not in ledger:
            raise InputError(f"there is no claim '{name}'; {did_you_mean(name, ledger)}")
    return {name: ledger[name] for name in names or ledger}


def _contradictions() -> dict[str, Any]:
    from trephine.catalogue.cohorts import cohorts
    from trephine.catalogue.effects import effects
    from trephine.catalogue.load import catalogue
    from trephine.catalogue.quality import contradictions

    return {
        "found": contradictions(cohorts(), effects(), catalogue().sources),
        "stated": {k: s.inconsistencies for k, s in cohorts().items() if s.inconsistencies},
    }


def _worksheet(names: list[str]) -> None:
    from trephine.catalogue.cohorts import cohorts, study_of
    from trephine.catalogue.effects import NUMBERED, effects
    from trephine.catalogue.second_entry import worksheet, worksheet_of_effects

    asked = [name for name in names if name not in NUMBERED]
    wanted = {name: study_of(name, cohorts()) for name in asked}
    for table in (name for name in names if name in NUMBERED):
        typer.echo(worksheet_of_effects(effects(), table), nl=False)
    if wanted or not names:
        typer.echo(worksheet(wanted or cohorts()), nl=False)


def _plain(thing: Any) -> Any:  # noqa: ANN401  (whatever was found)
    """Return models and mappings as what JSON holds, without what is not told."""
    import dataclasses

    from pydantic import BaseModel

    if isinstance(thing, BaseModel):
        return thing.model_dump(mode="json", exclude_defaults=True)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return dataclasses.asdict(thing)
    if isinstance(thing, Mapping):
        return {key: _plain(value) for key, value in thing.items()}
    return [_plain(item) for item in thing] if isinstance(thing, list | tuple) else thing
