"""An app with an LLM route of its own, whose answers are remembered: one line, marked below.

    uvicorn sparingly.examples.wrapped_app:app
    curl -i localhost:8000/v1/chat/completions -d '{"model": "mine", "messages": [{"role": "user", "content": "Who?"}]}'

For FastAPI and Starlette the line is `app.add_middleware(SparinglyMiddleware)`.
"""

from typing import Any

from litestar import Litestar, Request, post
from litestar.datastructures import State

from sparingly.middleware import SparinglyMiddleware


@post("/v1/chat/completions", status_code=200)
async def answer(request: Request[Any, Any, State]) -> dict[str, Any]:
    """Stands for whatever an app does to find its answers."""
    asked = await request.json()
    words = f"You asked: {asked['messages'][-1]['content']}"
    message = {"role": "assistant", "content": words}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return {"id": "1", "object": "chat.completion", "created": 0, "model": asked["model"], "choices": choices}


# The line.  It takes a config, too: "gateway.yaml", or {"cache": {"ttl_s": 60}}.
app = SparinglyMiddleware(Litestar([answer]))
