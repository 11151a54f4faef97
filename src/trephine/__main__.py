"""Runs the command line by ``python -m trephine``."""

import sys

from trephine.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
