"""Answer every question, or those named: ``python validation/all.py [--fine] [motion gap ...]``.

Writes their sections of docs/reference/healing-checks.md. What was computed is kept under
runs/validation, so that a second call, or one after an interruption, goes on where it stopped.
"""

from __future__ import annotations

import sys

import ablations
import dose
import fixators
import gap
import host
import keep
import mesh
import motion
import sources
import threshold

import page

QUESTIONS = (sources, motion, gap, fixators, dose, ablations, mesh, threshold, host)


def main() -> None:
    """Compute what is missing, then write the sections."""
    named = [word for word in sys.argv[1:] if not word.startswith("-")]
    known = {question.__name__: question for question in QUESTIONS}
    wrong = [name for name in named if name not in known]
    if wrong:
        raise SystemExit(f"no such question: {', '.join(wrong)}; known: {', '.join(known)}")
    asked = [known[name] for name in named] or list(QUESTIONS)
    keep.outcomes({(q.__name__, key): job for q in asked for key, job in q.TRIALS.items()})
    answers = {}
    for question in asked:
        answer, section = page.answered(question)
        answers[question.__name__] = answer
        page.publish(question.__name__, section)
    if not named:
        page.publish("summary", page.summary(answers.values()))
    print(page.summary(answers.values()))


if __name__ == "__main__":
    main()
