"""OpenAI Responses, inbound and outbound."""
