"""Anthropic Messages, inbound and outbound."""
