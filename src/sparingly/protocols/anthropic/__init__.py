"""Anthropic Messages, outbound."""
