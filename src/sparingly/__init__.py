"""A drop-in gateway for LLM traffic: a semantic cache that can be trusted and routing that shows its cost."""
