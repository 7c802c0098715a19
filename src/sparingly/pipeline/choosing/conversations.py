"""Remember which model each conversation has, and which conversation began each session.

Bounded in number and in time; what has been forgotten is routed as if it began.
Kept in memory: a second gateway, or this one after a restart, decides anew.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TypeAlias

from sparingly.core.answer import Usage
from sparingly.core.chat import Tenant
from sparingly.core.health import DeploymentId
from sparingly.core.routing.conversation import Conversation
from sparingly.core.routing.estimates import Estimate
from sparingly.core.routing.sticking import Held, after_turn
from sparingly.core.strategies import Sticky

_Key: TypeAlias = tuple[Tenant, bool, str]


class Conversations:
    """What is known of conversations; `now` is Unix seconds and never runs backwards far."""

    def __init__(self, policy: Sticky) -> None:
        self._policy = policy
        self._held: OrderedDict[_Key, Held] = OrderedDict()
        self._sessions: OrderedDict[tuple[Tenant, str], tuple[str, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def held(self, conversation: Conversation, *, has_begun: bool, now: float) -> Held | None:
        """The model a conversation has; None where it begins or is not known any more.

        `has_begun` says that the request holds an answer already: without a told id, one
        that does not is another conversation that merely begins alike.
        """
        if not (has_begun or conversation.is_told):
            return None
        held = self._held.get(_key(conversation))
        return None if held is None or now - held.at > self._policy.ttl_s else held

    def answered(
        self,
        conversation: Conversation,
        model: str,
        deployment: DeploymentId,
        usage: Usage,
        *,
        has_begun: bool,
        tokens: int,
        now: float,
        is_needed: bool = True,
        estimates: Sequence[Estimate] = (),
    ) -> None:
        """Note who answered a turn of `tokens`, and what it was sent there by."""
        before = self.held(conversation, has_begun=has_begun, now=now)
        key = _key(conversation)
        self._held[key] = after_turn(
            before,
            model,
            deployment,
            usage,
            tokens=tokens,
            now=now,
            is_needed=is_needed,
            estimates=estimates,
        )
        self._held.move_to_end(key)
        while len(self._held) > self._policy.max_conversations:
            self._held.popitem(last=False)

    def began_session(self, conversation: Conversation, *, now: float) -> str | None:
        """The id of the conversation that began its session with tools; None where nobody did."""
        if conversation.session is None:
            return None
        first, at = self._sessions.get((conversation.tenant, conversation.session), (None, now))
        return None if now - at > self._policy.ttl_s else first

    def offered_tools(self, conversation: Conversation, *, now: float) -> None:
        """Note that a conversation of a session offers tools."""
        if conversation.session is None:
            return
        key = (conversation.tenant, conversation.session)
        self._sessions[key] = (self.began_session(conversation, now=now) or conversation.id, now)
        self._sessions.move_to_end(key)
        while len(self._sessions) > self._policy.max_conversations:
            self._sessions.popitem(last=False)


def _key(conversation: Conversation) -> _Key:
    # Told and found ids live apart: nobody can name a conversation into another's fingerprint.
    return conversation.tenant, conversation.is_told, conversation.id
