"""Replay of traffic logs through the code that serves live traffic."""
