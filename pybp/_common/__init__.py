"""Shared helpers: specs, checks of arguments, optional dependencies, text tables, types."""
