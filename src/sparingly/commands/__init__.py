"""Commands too large for `cli.py`: their arguments, what they print and how they exit."""
