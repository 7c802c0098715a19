"""Serving some requests and replaying the log of it come to the same decisions, one by one."""

import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from rich.console import Console

from sparingly.config.loading import load_settings
from sparingly.core.judging.model import dump_judge
from sparingly.replay.command import Options
from sparingly.replaying import run_replay
from tests.core.judging.judges import packaged_judge
from tests.gateway_process import GatewayProcess
from tests.pipeline.wire import request_body

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]

CONFIG = """\
providers:
  simulated: {kind: simulated, models: [gpt-*]}
  other: {kind: simulated, models: [claude-*], simulation: {seed: 7}}
routing:
  tiers: {simple: {model: gpt-4o-mini}, standard: {model: gpt-4o}, complex: {model: claude-opus-4-6}}
  routes: {faq: {match: {model: faq}, to: gpt-4o-mini}}
cache: {judge: JUDGE, threshold: 0.9, routes: {faq: {threshold: 0.7}}}
store: {sweep_every_s: 0.02}
traffic_log: {enabled: true}
"""

RESET = "How do I reset my password?"
CLOSE = "How can I reset my password?"
LONG = "word " * 400
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


class Said(msgspec.Struct, frozen=True):
    """One request, and whether its answer may enter the store."""

    text: str
    fields: dict[str, Any] = {}
    is_kept: bool = True


TURNS = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello!"},
    {"role": "user", "content": RESET},
]

CASES = [
    Said(RESET),
    Said(RESET),
    Said(CLOSE),
    Said(CLOSE, {"stream": True}),
    Said("What is the capital of France?"),
    Said(RESET, {"model": "gpt-4o-mini"}),
    Said(RESET, {"temperature": 0.2, "seed": 1}),
    Said(RESET, {"temperature": 1.7}, is_kept=False),
    Said(RESET, {"temperature": 1.7}, is_kept=False),
    Said(RESET, {"messages": TURNS}),
    Said(RESET, {"messages": TURNS}),
    Said(RESET, {"tools": [TOOL]}),
    Said(RESET, {"tools": [TOOL]}),
    Said(RESET, {"x_unheard_of": 1}),
    Said(LONG),
    Said(LONG),
    Said("Hi there!", {"model": "auto"}),
    Said("Prove that there are infinitely many primes, and explain each step.", {"model": "auto"}),
    Said("Hi there!", {"model": "auto", "stream": True}),
    Said("Where is my invoice?", {"model": "faq"}),
    Said("Where can I find my invoice?", {"model": "faq"}),
    Said("Who are you?", {"model": "claude-haiku-4-5", "stream": True}),
    Said("Who are you?", {"model": "claude-haiku-4-5"}),
]


def served(client: httpx.Client) -> list[dict[str, object]]:
    """Every case, one after the other, each with its answer written back before the next."""
    kept = 0
    told: list[dict[str, object]] = []
    for case in CASES:
        answer = client.post("/v1/chat/completions", content=request_body(case.text, **case.fields))
        assert answer.status_code == 200
        kept += case.is_kept and answer.headers["x-sparingly-cache"] == "miss"
        while f"sparingly_store_entries {kept}.0" not in client.get("/metrics").text:
            pass
        headers = answer.headers
        told.append(
            {
                "id": headers["x-sparingly-id"],
                "verdict": headers["x-sparingly-cache"],
                "reason": headers["x-sparingly-reason"],
                # The header names the tier as well.
                "route": headers["x-sparingly-route"],
                "model": headers["x-sparingly-model"],
                "similarity": headers.get("x-sparingly-similarity"),
                "source": headers.get("x-sparingly-source"),
            }
        )
    return told


def replayed(decision: dict[str, Any]) -> dict[str, object]:
    """A decision in the words of the headers."""
    is_hit = decision["verdict"] in ("exact", "semantic")
    similarity = decision["similarity"]
    return {name: decision[name] for name in ("id", "verdict", "reason", "route", "model")} | {
        "similarity": None if similarity is None else f"{similarity:.4f}",
        "source": decision["neighbor_id"] if is_hit else None,
    }


@pytest.mark.parametrize(
    "judge", ["threshold", "fitted", "fitted, judge_file: judge.bin, max_error: 0.05, recheck: 0.0"]
)
async def test_a_replay_of_the_log_decides_as_the_gateway_did(tmp_path: Path, judge: str) -> None:
    """Verdict, reason, route, model, closeness and source of every request; no label arrives meanwhile."""
    stating = msgspec.structs.replace(packaged_judge(), stated=((0.05, 0.6), (0.01, 0.8)))
    (tmp_path / "judge.bin").write_bytes(dump_judge(stating))
    text = CONFIG.replace("JUDGE", judge)
    with GatewayProcess(tmp_path, config=text) as gateway, gateway.client() as client:
        live = served(client)
    (log,) = (gateway.data / "traffic").iterdir()
    decisions = tmp_path / "decisions.jsonl"

    file = tmp_path / "gateway.yaml"
    report = await run_replay(
        Options(log=log, decisions=decisions),
        load_settings(file, {}),
        config=file.read_bytes(),
        console=Console(quiet=True),
    )

    found = [json.loads(line) for line in decisions.read_text().splitlines()]
    assert [replayed(one) for one in found] == live
    # Otherwise the cases no longer try what they are for.
    verdicts = {str(one["verdict"]) for one in live}
    assert verdicts == {"exact", "semantic", "miss", "bypass"}
    assert len({one["reason"] for one in live}) >= 8
    assert len({one["model"] for one in live}) >= 4
    assert report.requests == len(CASES)
