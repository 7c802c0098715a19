"""From a table of outcomes to a routed request: `sparingly train-router` fits, `sparingly serve` loads, `auto` follows."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from sparingly.cli import main
from sparingly.core.ledger import Routing
from tests.gateway_process import GatewayProcess
from tests.pipeline.wire import request_body
from tests.routing_tables import MODELS, made_table, write_table

# A fit and a process; on a busy machine that takes its time.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

CONFIG = f"""
providers: {{simulated: {{kind: simulated, models: [{", ".join(MODELS)}]}}}}
routing:
  names: {{auto: learned}}
  learned: {{file: router.bin, default: cheap, tolerance: 0.05, least_support: 0.0}}
"""
ADMIN_KEY = "only-for-this-test"
PROMPTS = [
    # A long text is read by its first window, a word that the model does not know is no hindrance.
    ("Add 31 and 38.", "counts"),
    ("Write a poem, number 400, on spring.", "rhymes"),
    ("Add 31 and 38. " * 400, "counts"),
    ("Write a poem, number 400, on spring \N{SNOWMAN WITHOUT SNOW}\U0001f9a9", "rhymes"),
]


def routing_of(ledger: Path) -> dict[str, Routing]:
    """What the ledger says of the routing, by request."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as opened:
        rows = opened.execute("SELECT id, routing FROM entries").fetchall()
    return {one: msgspec.json.decode(said, type=Routing) for one, said in rows}


def test_auto_goes_where_the_trained_file_says(tmp_path: Path) -> None:
    """Sums to the model that solves them, poems to the other; ledger and explanation tell who decided."""
    table, _ = made_table(120)
    write_table(tmp_path, table)
    assert main(["train-router", str(tmp_path), "--out", str(tmp_path / "router.bin")]) == 0

    env = {"SPARINGLY_ADMIN_KEY": ADMIN_KEY}
    with GatewayProcess(tmp_path, config=CONFIG, env=env) as gateway, gateway.client() as client:
        bodies = [request_body(prompt, model="auto") for prompt, _ in PROMPTS]
        answers = [client.post("/v1/chat/completions", content=body) for body in bodies]
        explained = client.post(
            "/admin/explain", content=bodies[0], headers={"authorization": f"Bearer {ADMIN_KEY}"}
        ).json()

    expected = [model for _, model in PROMPTS]
    assert [answer.headers["x-sparingly-model"] for answer in answers] == expected
    assert explained["routing"]["strategy"] == "learned"
    assert {one["model"] for one in explained["routing"]["estimates"]} == set(MODELS)
    kept = routing_of(gateway.data / "ledger.sqlite3")
    told = [kept[answer.headers["x-sparingly-id"]] for answer in answers]
    assert {one.strategy for one in told} == {"learned"}
    assert all(set(one.estimates) == set(MODELS) and one.support is not None for one in told)
