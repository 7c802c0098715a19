"""Find out what routing decides by, and ask it who should answer."""
