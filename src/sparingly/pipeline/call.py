"""Get the answer, or the next best: ask candidates in order until one begins to answer.

Everything up to the first content may be tried again elsewhere; nothing after.
A provider's own error, when no candidate is left, is passed on as it came.
"""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from sparingly.core.fallback import (
    Again,
    Broken,
    GiveUp,
    NextCandidate,
    Outcome,
    Refused,
    Step,
    Unreachable,
    is_deployments_fault,
    next_step,
    retry_after_s,
)
from sparingly.core.policy import Retry
from sparingly.core.routing.decide import Candidate
from sparingly.errors import InvalidRequest, SparinglyError, UpstreamError, UpstreamUnreachable
from sparingly.pipeline.choosing.loads import Work
from sparingly.pipeline.choosing.route import Router
from sparingly.pipeline.exchange import Incoming
from sparingly.pipeline.large import by_size
from sparingly.pipeline.relay import Relay
from sparingly.pipeline.turns import Turns
from sparingly.ports import Clock, Upstream, UpstreamReply, UpstreamRequest
from sparingly.protocols.dialect import Outbound, Stamp
from sparingly.protocols.dialects import INBOUND, OUTBOUND
from sparingly.protocols.openai_chat.outbound import UsageStripper
from sparingly.protocols.places import in_clients_words

_JSON = ("content-type", "application/json")


class Called(msgspec.Struct, frozen=True):
    """An answer that has begun, or a provider's error.

    Exactly one of `whole` and `relay` is there.  `outbound` reads what the
    provider wrote; `same_dialect` says that the client can read it too.
    """

    candidate: Candidate
    outbound: Outbound
    same_dialect: bool
    status: int
    headers: Sequence[tuple[str, str]]
    attempts: int
    first_s: float
    """From sending to the provider's first byte, of this attempt."""
    work: Work
    """Ends when the deployment is done with this request."""
    whole: bytes | None = None
    relay: Relay | None = None

    @property
    def is_error(self) -> bool:
        """Whether the provider said no."""
        return self.status >= 400


class Call:
    """Asks upstreams."""

    def __init__(
        self,
        *,
        upstreams: Mapping[str, Upstream],
        injects_usage: frozenset[str],
        client_keyed: frozenset[str],
        router: Router,
        retry: Retry,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        rng: random.Random,
    ) -> None:
        """Prepare; `Parts` says what `injects_usage` and `client_keyed` name."""
        self._upstreams = upstreams
        self._injects_usage = injects_usage
        self._client_keyed = client_keyed
        self._router = router
        self._retry = retry
        self._clock = clock
        self._sleep = sleep
        self._rng = rng
        self._turns = Turns()

    async def begin(self, incoming: Incoming, candidates: Sequence[Candidate], *, stamp: Stamp) -> Called:
        """Ask until an answer begins.

        Raises:
            UpstreamError: no candidate began to answer, and none sent an error of its own.
            InvalidRequest: the last candidate's dialect cannot express the request.
        """
        tries = 0
        refused: Called | None = None
        failure: SparinglyError = UpstreamUnreachable("no provider was asked")
        for position, candidate in enumerate(candidates):
            attempt, gave_up = 0, False
            while True:
                attempt += 1
                tries += 1
                outcome: Outcome
                try:
                    called = await self._attempt(incoming, candidate, stamp, tries)
                    if not called.is_error:
                        self._router.succeeded(candidate, first_s=called.first_s)
                        return called
                    called.work.end()
                    refused = called
                    outcome = self._refusal(incoming, called)
                except InvalidRequest as error:
                    # This provider's dialect cannot express the request; another's may.
                    failure = error
                    break
                except UpstreamError as error:
                    failure = error
                    outcome = Unreachable() if isinstance(error, UpstreamUnreachable) else Broken()
                step = self._next(candidate, outcome, attempt, len(candidates) - position - 1)
                if not isinstance(step, Again):
                    gave_up = isinstance(step, GiveUp)
                    break
                await self._sleep(step.wait_s)
            if gave_up:
                break
        if refused is None:
            raise failure
        # What a provider said tells the client more than that another one could not be reached.
        return msgspec.structs.replace(refused, attempts=tries)

    def _next(self, candidate: Candidate, outcome: Outcome, attempt: int, left: int) -> Step:
        if is_deployments_fault(outcome):
            header = outcome.retry_after if isinstance(outcome, Refused) else None
            self._router.failed(candidate, retry_after_s=retry_after_s(header, now=self._clock.now()))
        step = next_step(
            outcome,
            attempt=attempt,
            candidates_left=left,
            retry=self._retry,
            now=self._clock.now(),
            draw=self._rng.random(),
        )
        return GiveUp() if isinstance(step, NextCandidate) and left == 0 else step

    def _refusal(self, incoming: Incoming, called: Called) -> Refused:
        retry_after = next((value for name, value in called.headers if name.lower() == "retry-after"), None)
        is_theirs = incoming.caller.key is not None and called.candidate.provider in self._client_keyed
        return Refused(called.status, retry_after, client_key=is_theirs)

    def _injects(self, incoming: Incoming, upstream: Upstream) -> bool:
        """Whether token counts are asked for that the client did not ask for."""
        return incoming.ask.stream and not incoming.ask.include_usage and upstream.name in self._injects_usage

    async def _attempt(self, incoming: Incoming, candidate: Candidate, stamp: Stamp, tries: int) -> Called:
        upstream = self._upstreams[candidate.provider]
        same = incoming.dialect in upstream.dialects
        spoken = incoming.dialect if same else upstream.dialect
        outbound = OUTBOUND[spoken]
        inject = self._injects(incoming, upstream)
        if same:
            body = await by_size(
                len(incoming.body),
                lambda: outbound.patch(incoming.body, model=candidate.model, inject_usage=inject),
            )
        else:
            body = await by_size(len(incoming.body), lambda: _translated(incoming, outbound, candidate))
        work = self._router.begun(candidate)
        try:
            return await self._sent(
                incoming, candidate, upstream, spoken=spoken, body=body, stamp=stamp, tries=tries, work=work
            )
        except BaseException:
            work.end()
            raise

    async def _sent(
        self,
        incoming: Incoming,
        candidate: Candidate,
        upstream: Upstream,
        *,
        spoken: str,
        body: bytes,
        stamp: Stamp,
        tries: int,
        work: Work,
    ) -> Called:
        inbound, outbound = INBOUND[incoming.dialect], OUTBOUND[spoken]
        same = incoming.dialect == spoken
        begun = self._clock.tick()
        reply = await upstream.send(
            UpstreamRequest(
                method="POST",
                path=f"{outbound.path}?{incoming.query}" if same and incoming.query else outbound.path,
                headers=(*incoming.headers, _JSON) if same else (_JSON,),
                body=body,
                model=candidate.model,
                client_key=incoming.caller.key,
                dialect=spoken,
            )
        )
        called = Called(
            candidate=candidate,
            outbound=outbound,
            same_dialect=same,
            status=reply.status,
            headers=reply.headers,
            attempts=tries,
            first_s=self._clock.tick() - begun,
            work=work,
        )
        if reply.status < 400 and incoming.ask.stream and _is_event_stream(reply):
            relay = Relay(
                reply,
                reader=outbound.reader(),
                inbound=inbound,
                writer=None if same else inbound.stream(incoming.ask, stamp),
                stripper=UsageStripper() if same and self._injects(incoming, upstream) else None,
                turns=self._turns,
                hold_s=self._retry.hold_s,
            )
            return msgspec.structs.replace(called, relay=await _opened(relay))
        try:
            return msgspec.structs.replace(called, whole=await reply.read())
        finally:
            await reply.aclose()


def _translated(incoming: Incoming, outbound: Outbound, candidate: Candidate) -> bytes:
    """The request for a provider of another dialect.

    Headers stay behind, the switches of trials (`anthropic-beta`) among them: agents send a dozen with every
    request.  What a trial adds to a body is refused by name; the others say how an answer travels.

    Raises:
        InvalidRequest: something in it cannot be expressed there; it names the place in the client's own body.
    """
    try:
        return outbound.write(incoming.ask, model=candidate.model)
    except InvalidRequest as error:
        inbound = INBOUND[incoming.dialect]
        raise in_clients_words(error, lambda field: inbound.place(incoming.body, field)) from error


async def _opened(relay: Relay) -> Relay:
    try:
        await relay.open()
    except BaseException:
        # Cancelled or broken before any content: the provider must not go on working for nobody.
        await relay.aclose()
        raise
    return relay


def _is_event_stream(reply: UpstreamReply) -> bool:
    return any(
        name.lower() == "content-type" and value.lower().startswith("text/event-stream")
        for name, value in reply.headers
    )
