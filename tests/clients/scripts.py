"""What the simulated provider is to say, written into the questions of these tests."""

import json

WEATHER_QUESTION = "What is the weather in Paris?"
WEATHER_ANSWER = "It says: 21 degrees in Paris"


def script(question: str, *turns: dict[str, object]) -> str:
    """A question with its answers, see `sparingly.upstreams.simulated_script`."""
    return f"{question}\n```simulate\n{json.dumps(list(turns))}\n```"


def weather() -> str:
    """A question that is answered after one call of `get_weather`, whose result is told."""
    call = {"name": "get_weather", "input": {"city": "Paris"}}
    return script(WEATHER_QUESTION, {"text": "Let me look.", "tools": [call]}, {"text": "It says: {result}"})
