"""Ask routing who should answer: hand the pure decision its randomness, health, prices and evidence."""

import random
from collections.abc import Iterable, Mapping

import msgspec

from sparingly.core.answer import Usage
from sparingly.core.catalog import TIERS, Catalog, places
from sparingly.core.chat import Ask
from sparingly.core.features import Features, features_of
from sparingly.core.health import Condition, Cooldown, DeploymentId, after_failure, down
from sparingly.core.policy import RoutingPolicy
from sparingly.core.pricing import ModelPrice, cost_nano
from sparingly.core.routing.balance import Load
from sparingly.core.routing.conversation import Conversation, subject_of
from sparingly.core.routing.decide import Candidate, Decision, State, decide
from sparingly.core.routing.rules import Sight, looks_at_features, looks_at_labels
from sparingly.core.routing.selecting import Evidence, Quote, score_source
from sparingly.core.routing.target import Target, needs_classification, resolve, strategy_models
from sparingly.core.vectors import Vector
from sparingly.pipeline.choosing.classify import Classification, TierClassifier
from sparingly.pipeline.choosing.conversations import Conversations
from sparingly.pipeline.choosing.estimate import Estimated, Estimator
from sparingly.pipeline.choosing.loads import Loads, Work
from sparingly.ports import Clock, Prices

_UNCLASSIFIED = Classification(None)
_UNESTIMATED = Estimated()
_NOBODY: frozenset[str] = frozenset()

# Far more deployments than any config has.
_MOST_FAILING = 1_000
# What an answer is taken to have where the caller sets no bound: the median of chat answers is of this order.
_ANSWER_TOKENS = 300


class Chosen(msgspec.Struct, frozen=True):
    """The decision, and what making it took."""

    decision: Decision
    classification: Classification
    route_s: float
    vector: Vector | None = None
    """The embedding of the last user text, where one was made."""
    trouble: tuple[str, ...] = ()


class Router:
    """Chooses candidates; remembers how deployments do and what conversations have."""

    def __init__(
        self,
        *,
        policy: RoutingPolicy,
        catalog: Catalog,
        classifier: TierClassifier | None,
        clock: Clock,
        rng: random.Random,
        prices: Prices,
        estimator: Estimator | None = None,
    ) -> None:
        if estimator is not None and policy.learned is not None:
            policy = msgspec.structs.replace(policy, learned=estimator.completed(policy.learned))
        self.policy = policy
        self.catalog = catalog
        self._classifier = classifier
        self._estimator = estimator
        self._clock = clock
        self._rng = rng
        self._prices = prices
        self._cooldown = Cooldown()
        self._health: dict[DeploymentId, Condition] = {}
        self._loads = Loads()
        self._conversations = Conversations(policy.sticky)
        self._balanced = tuple(
            (place.provider, place.model)
            for name, model in catalog.models.items()
            if model.balance != "weighted"
            for place in places(catalog, name)
        )
        self._sees_features = looks_at_features(policy)
        self.reads_labels = looks_at_labels(policy)
        """Whether routes look at headers or metadata."""

    def target(
        self,
        ask: Ask,
        *,
        path: str,
        conversation: Conversation,
        pinned: str | None = None,
        headers: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Target:
        """Where a request is headed, before anything is looked up."""
        features = self._features(ask, conversation) if self._sees_features else Features()
        return resolve(
            self.policy,
            asked=ask.model,
            tenant=conversation.tenant,
            path=path,
            pinned=pinned,
            sight=Sight(features, headers or {}, metadata or {}),
        )

    async def choose(
        self,
        ask: Ask,
        target: Target,
        *,
        conversation: Conversation,
        vector: Vector | None,
        client_key: str | None,
        cost_weight: float | None = None,
    ) -> Chosen:
        """Choose; estimates and classifies only where a strategy needs it.  Raises UnknownModel.

        `vector` is that of the last user text; `cost_weight` is quality per dollar, from a budget.
        """
        begun = self._clock.tick()
        features = self._features(ask, conversation)
        subject, last = subject_of(ask), ask.last_user_text
        # What it is about may be more than its last words, and then has a vector of its own.
        known = vector if subject == last else None
        estimated = await self._estimated(target, subject, known)
        about = estimated.vector if estimated.vector is not None else known
        classification = await self._classified(
            ask, target, text=subject, features=features, vector=about, client_key=client_key
        )
        made = about if about is not None else classification.vector
        decision = decide(
            target,
            policy=self.policy,
            catalog=self.catalog,
            features=features,
            evidence=Evidence(
                classification.classified,
                estimated.estimates,
                self._quotes(target, features, estimated),
                cost_weight,
            ),
            state=self._state(target, conversation, features, estimated),
            draw=self._rng.random(),
        )
        return Chosen(
            decision,
            classification,
            self._clock.tick() - begun,
            vector if vector is not None else (made if subject == last else None),
            (*estimated.trouble, *classification.trouble),
        )

    def asked(self, conversation: Conversation, decision: Decision) -> None:
        """A request is about to be sent: its session may have begun with it."""
        if decision.features.tools:
            self._conversations.offered_tools(conversation, now=self._clock.now())

    def begun(self, candidate: Candidate) -> Work:
        """A request goes to a deployment."""
        return self._loads.begin((candidate.provider, candidate.model))

    def answered(
        self, conversation: Conversation, decision: Decision, candidate: Candidate, usage: Usage
    ) -> None:
        """A turn of a conversation was answered, by whoever it was."""
        if decision.strategy is None and not self._is_spread(candidate.routed):
            return
        self._conversations.answered(
            conversation,
            candidate.routed,
            (candidate.provider, candidate.model),
            usage,
            has_begun=decision.features.answers > 0,
            tokens=decision.features.estimated_tokens,
            now=self._clock.now(),
            is_needed=decision.move != "stayed",
            estimates=decision.estimates,
        )

    def succeeded(self, candidate: Candidate, *, first_s: float | None = None) -> None:
        """Forget what was held against a deployment."""
        key = (candidate.provider, candidate.model)
        if first_s is not None:
            self._loads.answered(key, first_s, now=self._clock.tick())
        if self._health:
            self._health.pop(key, None)

    def failed(self, candidate: Candidate, *, retry_after_s: float | None = None) -> None:
        """Hold a failure against a deployment."""
        key = (candidate.provider, candidate.model)
        if len(self._health) >= _MOST_FAILING:
            # Names that clients make up fail too, and must not fill memory.
            self._health.clear()
        self._health[key] = after_failure(
            self._health.get(key, Condition()),
            now=self._clock.tick(),
            retry_after_s=retry_after_s,
            cooldown=self._cooldown,
        )

    def _features(self, ask: Ask, conversation: Conversation) -> Features:
        features = features_of(ask, subject_of(ask))
        first = self._conversations.began_session(conversation, now=self._clock.now())
        if first is None:
            return features
        is_sub = features.tools > 0 and first != conversation.id
        return msgspec.structs.replace(features, agent_session=True, sub_agent=is_sub)

    async def _estimated(self, target: Target, text: str, vector: Vector | None) -> Estimated:
        if self._estimator is None or not self._needs_estimates(target):
            return _UNESTIMATED
        return await self._estimator.estimate(text=text, vector=vector)

    async def _classified(
        self,
        ask: Ask,
        target: Target,
        *,
        text: str,
        features: Features,
        vector: Vector | None,
        client_key: str | None,
    ) -> Classification:
        if self._classifier is None or not self._needs_classification(target):
            return _UNCLASSIFIED
        return await self._classifier.classify(
            ask, text=text, features=features, vector=vector, client_key=client_key
        )

    def _needs_classification(self, target: Target) -> bool:
        pair = self.policy.pairs.get(target.strategy) if target.model is None else None
        if pair is None:
            return needs_classification(target, self.policy)
        known = self._estimator.known if self._estimator is not None else _NOBODY
        return score_source(pair, self.policy, known) == "tiers"

    def _needs_estimates(self, target: Target) -> bool:
        if target.model is not None or target.strategy == TIERS:
            return False
        best = self.policy.best.get(target.strategy)
        if best is not None:
            return any(one.quality is None for one in best.models.values())
        return target.strategy not in self.policy.pairs or not self._needs_classification(target)

    def _state(
        self, target: Target, conversation: Conversation, features: Features, estimated: Estimated
    ) -> State:
        now, tick = self._clock.now(), self._clock.tick()
        held = self._conversations.held(conversation, has_begun=features.answers > 0, now=now)
        models = {*self._models(target, estimated)}
        if held is not None:
            models.add(held.model)
        is_choice = target.model is None and held is not None
        return State(
            down=down(self._health, now=tick),
            loads=self._loads_now(features, tick=tick, now=now),
            held=held,
            prices=dict(self._prices_of(models, now)) if is_choice else {},
            now=now,
        )

    def _loads_now(self, features: Features, *, tick: float, now: float) -> dict[DeploymentId, Load]:
        loads = {}
        for provider, model in self._balanced:
            price = self._prices.price(provider, model, now=now)
            load = self._loads.load((provider, model), now=tick)
            loads[provider, model] = msgspec.structs.replace(load, cost_nano=_cost(features, price))
        return loads

    def _quotes(self, target: Target, features: Features, estimated: Estimated) -> dict[str, Quote]:
        """What the strategy's models would cost and how soon they would begin."""
        if target.model is not None:
            return {}
        tick, now = self._clock.tick(), self._clock.now()
        quotes = {}
        for model in self._models(target, estimated):
            found = places(self.catalog, model)
            price = self._prices.price(found[0].provider, found[0].model, now=now) if found else None
            latencies = [self._loads.latency_s((one.provider, one.model), now=tick) for one in found]
            known = [latency_s for latency_s in latencies if latency_s is not None]
            quotes[model] = Quote(_cost(features, price), min(known, default=None))
        return quotes

    def _models(self, target: Target, estimated: Estimated) -> Iterable[str]:
        if target.model is not None:
            return ()
        others = estimated.estimates.models if estimated.estimates is not None else ()
        return dict.fromkeys((*strategy_models(self.policy, target.strategy), *(one.model for one in others)))

    def _prices_of(self, models: Iterable[str], now: float) -> Iterable[tuple[str, ModelPrice]]:
        for model in models:
            found = places(self.catalog, model)
            price = self._prices.price(found[0].provider, found[0].model, now=now) if found else None
            if price is not None:
                yield model, price

    def _is_spread(self, model: str) -> bool:
        """Whether it is served in several places, so that a conversation has one to come back to."""
        return len(places(self.catalog, model)) > 1


def _cost(features: Features, price: ModelPrice | None) -> int | None:
    if price is None:
        return None
    answer = min(features.max_tokens or _ANSWER_TOKENS, _ANSWER_TOKENS)
    return cost_nano(Usage(input_tokens=features.estimated_tokens, output_tokens=answer), price)
