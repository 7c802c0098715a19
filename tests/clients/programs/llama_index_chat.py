"""LlamaIndex: `python llama_index_chat.py openai|anthropic BASE_URL KEY QUESTION WEATHER_QUESTION`."""

import json
import sys
from typing import Any

from llama_index.core.llms import ChatMessage, MessageRole
from llama_index.core.tools import FunctionTool


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"21 degrees in {city}"


def made(house: str, base_url: str, key: str) -> Any:
    if house == "anthropic":
        from llama_index.llms.anthropic import Anthropic

        return Anthropic(model="claude-sonnet-4-5", base_url=base_url, api_key=key, max_retries=0)
    from llama_index.llms.openai import OpenAI, OpenAIResponses

    kind = OpenAIResponses if house == "responses" else OpenAI
    return kind(model="gpt-4o", api_base=f"{base_url}/v1", api_key=key, max_retries=0)


def main(house: str, base_url: str, key: str, question: str, weather: str) -> None:
    model = made(house, base_url, key)
    asked = [ChatMessage(role=MessageRole.USER, content=question)]
    whole = model.chat(asked)
    streamed = "".join(piece.delta or "" for piece in model.stream_chat(asked))

    tool = FunctionTool.from_defaults(get_weather)
    history = [ChatMessage(role=MessageRole.USER, content=weather)]
    called = model.chat_with_tools([tool], chat_history=history)
    calls = model.get_tool_calls_from_response(called)
    results = [
        ChatMessage(
            role=MessageRole.TOOL,
            content=str(tool(**call.tool_kwargs)),
            additional_kwargs={"tool_call_id": call.tool_id},
        )
        for call in calls
    ]
    final = model.chat_with_tools([tool], chat_history=[*history, called.message, *results])
    print(
        json.dumps(
            {
                "whole": whole.message.content,
                "streamed": streamed,
                "tool": final.message.content,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
