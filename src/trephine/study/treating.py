"""Owns the cells of trials: which are wanted, which are kept already, and the work on the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trephine.case.settings import Settings
from trephine.catalogue.load import catalogue
from trephine.catalogue.posterior import posterior
from trephine.core import digest
from trephine.core.progress import Watch
from trephine.study import kept
from trephine.study.cells import Attempt, Cell, Group, Key, Law, cells, code, order
from trephine.study.cluster import spread
from trephine.study.outcomes import PatientOutcome

STAGE = "Treating virtual patients"


@dataclass(frozen=True)
class Work:
    """The cells of a trial.

    Parameters
    ----------
    told
        Of each patient of each arm, the name of the cell, or the error of who cannot be a case.
    wanted
        The cells by name.
    folder
        Where outcomes are kept, if anywhere.
    """

    told: Mapping[Key, Sequence[PatientOutcome | str]]
    wanted: Mapping[str, Cell]
    folder: Path | None

    def outcomes(self, found: Mapping[str, PatientOutcome]) -> dict[Key, list[PatientOutcome]]:
        """Return the outcome of each patient of each arm."""
        return {
            key: [found[one] if isinstance(one, str) else one for one in members]
            for key, members in self.told.items()
        }


def work(
    people: Mapping[Key, Group],
    settings: Settings,
    drawn_with: tuple[Law, int] | None,
    engine: str,
    folder: Path | None,
) -> Work:
    """Return the cells of a trial; a cell is named by all that decides its outcome."""
    told: dict[Key, list[PatientOutcome | str]] = {}
    wanted: dict[str, Cell] = {}
    for key, group in people.items():
        told[key] = []
        for cell in cells(group, settings, drawn_with):
            if isinstance(cell, PatientOutcome):
                told[key].append(cell)
                continue
            rests_on = [vars(cell), engine, catalogue().digest, code()]
            if drawn_with is not None and drawn_with[0] == "posterior":
                rests_on.append(posterior().contents)
            name = digest.of_document(rests_on)
            wanted[name] = cell
            told[key].append(name)
    return Work(told, wanted, folder)


def treated(
    works: Sequence[Work],
    attempt: Attempt,
    *,
    shard: tuple[int, int] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    watch: Watch,
) -> dict[str, PatientOutcome]:
    """Return the outcomes of all cells by name, but for those that fall to other shards.

    Parameters
    ----------
    works
        Of each trial; a cell that several want is computed once and kept by each.
    attempt
        The engine.
    shard
        Number of this shard, from 1, and of all shards.
    workers, scheduler
        See :func:`trephine.study.cluster.spread`.
    watch
        Hears the progress, and may stop it: what was heard is kept.
    """
    found: dict[str, PatientOutcome] = {}
    for one in works:
        if one.folder is not None:
            found |= kept.outcomes(one.folder, one.wanted)
    wanted = {name: cell for one in works for name, cell in one.wanted.items()}
    orders = {n: order(wanted[n]) for n in wanted if n not in found and _is_ours(n, shard)}
    due = sorted(orders, key=lambda name: (orders[name], name))
    whole = len(found) + len(due)
    watch.progress(STAGE, len(found), whole, f"{len(found)} of {whole}")

    def heard(number: int, told: tuple[PatientOutcome, bool]) -> None:
        name, (outcome, is_kept) = due[number], told
        found[name] = outcome
        for one in works:
            if one.folder is not None and is_kept and name in one.wanted:
                kept.keep(one.folder, name, outcome)
        watch.progress(STAGE, len(found), whole, f"{len(found)} of {whole}")

    spread(
        attempt,
        [wanted[name] for name in due],
        [orders[name][0] for name in due],
        heard,
        workers=workers,
        scheduler=scheduler,
    )
    return found


def _is_ours(name: str, shard: tuple[int, int] | None) -> bool:
    """Return whether a cell falls to a shard, by its name and by nothing else."""
    return shard is None or int(name, 16) % shard[1] == shard[0] - 1
