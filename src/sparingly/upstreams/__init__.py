"""Providers of answers: over HTTP, or simulated."""
