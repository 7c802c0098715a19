"""Fit the router on outcome tables, and measure every policy on splits of them."""
