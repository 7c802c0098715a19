"""Asking a small model: never an exception, never without end, every cost counted."""

import json

import pytest

from sparingly.core.answer import Usage
from sparingly.pipeline.choosing.small_model import Opinion, SmallModel
from sparingly.ports import Upstream
from sparingly.protocols.dialects import OUTBOUND
from tests.asks import ask
from tests.fakes.clock import FakeClock
from tests.fakes.upstream import Dead, FakeUpstream, Scripted
from tests.pipeline.parts import GatedUpstream
from tests.pipeline.wire import whole
from tests.pipeline.world import TablePrices

pytestmark = pytest.mark.anyio


def a_model(upstream: Upstream, *, name: str = "gpt-4o-mini", timeout_s: float = 5.0) -> SmallModel:
    return SmallModel(
        upstream=upstream,
        outbound=OUTBOUND["openai"],
        name=name,
        timeout_s=timeout_s,
        prices=TablePrices(),
        clock=FakeClock(),
    )


async def test_the_words_come_back_with_their_cost() -> None:
    """12 tokens in and 8 out; the caller's key travels for providers without one."""
    upstream = FakeUpstream(whole("yes"))

    opinion = await a_model(upstream).ask(ask("well?"), client_key="sk-1")

    cost_nano = 12 * 150 + 8 * 600
    assert opinion == Opinion("yes", Usage(input_tokens=12, output_tokens=8), cost_nano)
    (sent,) = upstream.requests
    assert (sent.model, sent.client_key, sent.timeout_s) == ("gpt-4o-mini", "sk-1", 5.0)
    assert isinstance(sent.body, bytes)
    assert json.loads(sent.body)["model"] == "gpt-4o-mini"
    assert upstream.replies[0].is_closed


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        (Dead(), "upstream-unreachable"),
        (Scripted((b"{",), is_cut=True), "upstream-broke"),
        (Scripted((b"<html>",)), "upstream-nonsense"),
        (Scripted((b"{}",), status=429), "refused"),
        (Scripted((b"{}",), status=500), "refused"),
    ],
)
async def test_trouble_is_no_opinion(script: Scripted | Dead, trouble: str) -> None:
    """Whoever asked goes on without one."""
    opinion = await a_model(FakeUpstream(script)).ask(ask("well?"), client_key=None)

    assert (opinion.text, opinion.trouble) == (None, trouble)


async def test_whoever_takes_too_long_is_not_waited_for() -> None:
    upstream = GatedUpstream(whole("yes"))
    upstream.gate.clear()

    opinion = await a_model(upstream, timeout_s=0.01).ask(ask("well?"), client_key=None)

    assert (opinion.text, opinion.trouble) == (None, "slow")


async def test_an_unknown_price_is_not_nothing() -> None:
    """Free and unknown are not the same."""
    opinion = await a_model(FakeUpstream(whole("yes")), name="unheard-of").ask(ask("well?"), client_key=None)

    assert opinion.text == "yes"
    assert opinion.cost_nano is None
