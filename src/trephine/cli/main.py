"""The command ``trephine``: which commands there are, and how every failure reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from trephine.cli import (
    aftercare,
    candidacy,
    check,
    compare,
    doctor,
    dose,
    evidence,
    example,
    export,
    intake,
    models,
    phantom,
    plan,
    qualify,
    report,
    run,
    schema,
    show,
    trial,
    version,
    watch,
)
from trephine.core.errors import CatalogueError, InputError, StoreError, TrephineError

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130
"""Exit status of a command that could not start, one that failed, and one that was stopped."""

app = typer.Typer(
    name="trephine",
    help="Simulate, plan and follow bone-marrow cell therapy, from needle to X-ray.",
    epilog="For research only: not a medical device, not for the care of any patient.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    run.run,
    dose.dose,
    plan.plan,
    compare.compare,
    trial.trial,
    qualify.qualify,
    models.models,
    evidence.evidence,
    example.example,
    intake.intake,
    phantom.phantom,
    watch.watch,
    show.show,
    report.report,
    candidacy.candidacy,
    aftercare.aftercare,
    export.export,
    check.check,
    schema.schema,
    doctor.doctor,
):
    app.command()(command)


@app.callback()
def every_command(
    is_version_wanted: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=version.tell,
            is_eager=True,
            help="Show the versions of program and catalogue, and the commit of a checkout.",
        ),
    ] = False,
) -> None:
    """Hear the options that come before a command."""
    del is_version_wanted  # its callback has told and left


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status.

    A failure that trephine can explain is one message on stderr: 2 for bad input and for a folder
    or a catalogue that cannot be used, 1 for a run that failed, 130 for one that was interrupted.

    Parameters
    ----------
    arguments
        Words after the name of the program; those of this process unless given.
    """
    try:
        status = app(arguments, prog_name="trephine", standalone_mode=False)
    except TrephineError as error:
        tell(str(error))
        is_bad_input = isinstance(error, InputError | StoreError | CatalogueError)
        return BAD_INPUT if is_bad_input else FAILED
    except typer.TyperException as error:
        tell(usage(error))
        return BAD_INPUT
    except run.StoppedError:
        return INTERRUPTED
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout has left; nothing more may be flushed there at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (OSError, MemoryError) as error:
        return system_failure(error)
    if status == INTERRUPTED:
        tell("interrupted")
    return status if isinstance(status, int) else 0


def system_failure(error: OSError | MemoryError) -> int:
    """Tell what the system refused and return the exit status; a bug is raised on."""
    if isinstance(error, MemoryError):
        tell("there is not enough memory for this; take larger voxels")
        return FAILED
    if error.filename is None:  # no path that a person gave
        raise error
    tell(f"{error.filename}: {(error.strerror or str(error)).lower()}")
    return BAD_INPUT


def tell(message: str) -> None:
    """Write one error message for a person on stderr."""
    print(f"error: {message}", file=sys.stderr)  # noqa: T201  (this is the command line's voice)


def usage(error: typer.TyperException) -> str:
    """Return what is wrong with a command line, in one line, with the help to ask for."""
    context = getattr(error, "ctx", None)
    words = error.format_message().replace("Value error, ", "").strip().rstrip(".")
    path = context.command_path if context else "trephine"
    return f"{words[:1].lower()}{words[1:]} (see '{path} --help')"
