"""The facts: every number with unit, source, kind, access and role, as printed."""
