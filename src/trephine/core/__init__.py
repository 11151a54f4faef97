"""Units, luck, grid, errors, digests, provenance and progress; imports no sibling."""
