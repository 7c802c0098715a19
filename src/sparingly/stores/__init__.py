"""Answer stores: where answers are remembered by their question."""
