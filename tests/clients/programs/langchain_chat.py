"""LangChain: `python langchain_chat.py openai|responses|anthropic BASE_URL KEY QUESTION WEATHER_QUESTION`."""

import json
import sys
from typing import Any

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import StructuredTool
from pydantic import BaseModel


class City(BaseModel):
    """A city."""

    name: str
    country: str


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"21 degrees in {city}"


def made(house: str, base_url: str, key: str) -> Any:
    if house == "anthropic":
        from langchain_anthropic import ChatAnthropic

        return ChatAnthropic(model="claude-sonnet-4-6", base_url=base_url, api_key=key, max_retries=0)
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(
        model="gpt-4o",
        base_url=f"{base_url}/v1",
        api_key=key,
        max_retries=0,
        use_responses_api=house == "responses",
    )


def text_of(message: Any) -> str:
    return "".join(
        block if isinstance(block, str) else block.get("text", "")
        for block in ([message.content] if isinstance(message.content, str) else message.content)
    )


def main(house: str, base_url: str, key: str, question: str, weather: str) -> None:
    model = made(house, base_url, key)
    whole = model.invoke(question)
    streamed = "".join(text_of(chunk) for chunk in model.stream(question))

    tool = StructuredTool.from_function(get_weather)
    tooled = model.bind_tools([tool])
    asked: list[Any] = [HumanMessage(weather)]
    called = tooled.invoke(asked)
    results = [ToolMessage(tool.invoke(call["args"]), tool_call_id=call["id"]) for call in called.tool_calls]
    final = tooled.invoke([*asked, called, *results])

    city = model.with_structured_output(City).invoke("Name a city.")
    print(
        json.dumps(
            {
                "whole": text_of(whole),
                "streamed": streamed,
                "usage": whole.usage_metadata["total_tokens"],
                "tool": text_of(final),
                "structured": sorted(type(value).__name__ for value in city.model_dump().values()),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
