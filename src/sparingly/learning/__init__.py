"""Fitting and making what the gateway loads; never imported while serving."""
