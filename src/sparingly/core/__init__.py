"""Decisions: plain functions over frozen structs, without I/O, clock or randomness."""
