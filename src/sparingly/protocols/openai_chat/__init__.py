"""OpenAI Chat Completions, inbound and outbound."""
