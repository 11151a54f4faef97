"""The command line: parses, then acts as a user of the library."""
