"""What all visits need: who asks, what travels on, whether the client is there, and a line in the ledger."""

import asyncio
from typing import Any, cast

import pytest
from litestar.types import Receive

from sparingly.core.chat import Tenant
from sparingly.core.ledger import LedgerEntry
from sparingly.errors import InvalidRequest, NotAuthorized
from sparingly.web.asgi import ClientGone
from sparingly.web.auth import Door
from sparingly.web.visit import Desk, Visit
from tests.fakes.clock import FakeClock
from tests.fakes.ledger import ListLedger

pytestmark = pytest.mark.anyio

KEYS = {"secret": Tenant("acme")}


class Hall:
    """A desk, and what it told."""

    def __init__(self, keys: dict[str, Tenant] | None = None) -> None:
        self.ledger, self.clock = ListLedger(), FakeClock(100.0)
        self.observed: list[LedgerEntry] = []
        self.desk = Desk(
            door=Door(keys or {}), ledger=self.ledger, observe=self.observed.append, clock=self.clock
        )

    def visit(self, **headers: str) -> Visit:
        fields = {name.replace("_", "-"): text for name, text in headers.items()}
        return Visit("req-1", "/v1/x", "", "POST", fields, time=100.0, arrived=self.clock.tick())


def _client(*, leaves: bool) -> Receive:
    async def receive() -> Any:
        if leaves:
            return {"type": "http.disconnect"}
        return await asyncio.get_running_loop().create_future()

    return cast("Receive", receive)


def test_who_enters_is_known_by_a_key() -> None:
    """And the visit by its tenant."""
    hall = Hall(KEYS)
    visit = hall.visit(authorization="Bearer secret")

    assert hall.desk.enter(visit).tenant == visit.tenant == "acme"
    with pytest.raises(NotAuthorized):
        hall.desk.enter(hall.visit(x_api_key="wrong"))


def test_a_key_to_this_gateway_does_not_travel_on() -> None:
    """A provider's does: without keys of ours it is the caller's own."""
    headers = {"authorization": "Bearer secret", "x_api_key": "secret", "anthropic_version": "1"}
    ours, theirs = Hall(KEYS), Hall()

    assert ours.desk.travelling(ours.visit(**headers)) == (("anthropic-version", "1"),)
    assert dict(theirs.desk.travelling(theirs.visit(**headers))) == theirs.visit(**headers).headers


async def test_what_fails_while_the_client_is_there_comes_out_as_it_is() -> None:
    """Not wrapped in a group of errors."""
    hall = Hall()

    async def work() -> None:
        raise InvalidRequest("no")

    with pytest.raises(InvalidRequest):
        await hall.desk.while_there(hall.visit(), _client(leaves=False), work())


@pytest.mark.parametrize("begun", [False, True])
async def test_a_client_that_leaves_ends_the_work(*, begun: bool) -> None:
    """Told only while no answer has begun: after that the answer's own end tells."""
    hall, was_cancelled = Hall(), False
    visit = hall.visit()
    visit.begun = begun

    async def work() -> None:
        nonlocal was_cancelled
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            was_cancelled = True
            raise

    try:
        await hall.desk.while_there(visit, _client(leaves=True), work())
        told = False
    except ClientGone:
        told = True

    assert was_cancelled
    assert told is not begun


def test_a_visit_that_ends_has_its_line() -> None:
    """In the ledger, and for whoever watches."""
    hall = Hall()
    visit = hall.visit()
    visit.asked = "gpt-4o"
    hall.clock.pass_by(1.5)

    hall.desk.leave(visit, 404, "no-such-path", provider="one")

    (entry,) = hall.ledger.entries
    assert hall.observed == [entry]
    assert (entry.id, entry.status, entry.reason, entry.provider, entry.asked) == (
        "req-1",
        404,
        "no-such-path",
        "one",
        "gpt-4o",
    )
    assert (entry.timings.total_s, entry.complete) == (1.5, False)
