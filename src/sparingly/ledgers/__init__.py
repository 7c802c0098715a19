"""Ledgers: what each request cost and saved."""
