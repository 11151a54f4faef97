"""Every error that trephine raises on purpose, and how it reads to a person."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LEAST_PART, MOST_NAMED = 3, 6
"""Letters from which on a word is taken for a part of a name; names that one hint may list."""


class TrephineError(Exception):
    """Raise for anything trephine can explain to a person in one message."""

    @property
    def in_one_line(self) -> str:
        """The whole message with its problems, in one line."""
        return str(self).replace("\n", "; ")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input: where it is and what would be accepted."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class InputError(TrephineError):
    """Raise for bad input, with every problem at once; the command line exits 2.

    Parameters
    ----------
    headline
        One line that names the input and what is wrong with it as a whole.
    problems
        Each problem with its place; may be empty when the headline says it all.
    """

    def __init__(self, headline: str, problems: Iterable[Problem] = ()) -> None:
        self.headline = headline
        self.problems = tuple(problems)
        super().__init__("\n".join([headline, *(f"  {problem}" for problem in self.problems)]))

    @property
    def reason(self) -> str:
        """What is wrong, in one line and without its place."""
        return "; ".join(problem.message for problem in self.problems) or self.headline


class CatalogueError(TrephineError):
    """Raise when a record is missing, malformed or used against its role."""


class SolverError(TrephineError):
    """Raise when a solve does not reach its tolerance; carries the history that shows why."""

    def __init__(self, message: str, history: Sequence[float] = ()) -> None:
        self.history = tuple(history)
        tail = ", ".join(f"{value:.3g}" for value in self.history[-5:])
        super().__init__(f"{message} (last residuals: {tail})" if tail else message)


class StoreError(TrephineError):
    """Raise when a run cannot be read from or written to disk."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the known words that hold this one, else the nearest, else all.

    Parameters
    ----------
    word
        What the user wrote.
    known
        What would have been accepted.
    """
    options = sorted(known)
    holding = [name for name in options if len(word) >= LEAST_PART and word.lower() in name.lower()]
    if 0 < len(holding) <= MOST_NAMED:
        *others, last = [f"'{name}'" for name in holding]
        return f"did you mean {', '.join(others)}{' or ' if others else ''}{last}?"
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(options)}" if options else "nothing is known here"
