"""Learn whether what was served from memory was right."""
