"""The LiteLLM SDK: `python litellm_chat.py openai|responses|anthropic BASE_URL KEY QUESTION WEATHER_QUESTION`."""

import asyncio
import json
import sys
from typing import Any

import litellm

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def options(house: str, base_url: str, key: str) -> dict[str, Any]:
    if house == "anthropic":
        return {"model": "anthropic/claude-sonnet-4-5", "api_base": base_url, "api_key": key}
    model = "openai/responses/gpt-4o" if house == "responses" else "openai/gpt-4o"
    return {"model": model, "api_base": f"{base_url}/v1", "api_key": key}


def user(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def main(house: str, base_url: str, key: str, question: str, weather: str) -> None:
    given = options(house, base_url, key) | {"num_retries": 0}
    whole = litellm.completion(messages=user(question), **given)
    streamed = litellm.completion(messages=user(question), stream=True, **given)
    words = "".join(chunk.choices[0].delta.content or "" for chunk in streamed)
    later = asyncio.run(litellm.acompletion(messages=user(question), **given))

    called = litellm.completion(messages=user(weather), tools=[WEATHER], **given)
    message = called.choices[0].message
    results = [
        {
            "role": "tool",
            "tool_call_id": call.id,
            "content": f"21 degrees in {json.loads(call.function.arguments)['city']}",
        }
        for call in message.tool_calls
    ]
    turns = [*user(weather), message.model_dump(exclude_none=True), *results]
    final = litellm.completion(messages=turns, tools=[WEATHER], **given)
    print(
        json.dumps(
            {
                "whole": whole.choices[0].message.content,
                "streamed": words,
                "async": later.choices[0].message.content,
                "usage": whole.usage.total_tokens,
                "tool": final.choices[0].message.content,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
