"""Ask routing who should answer: hand the pure decision its randomness, health and classification."""

import random

import msgspec

from sparingly.core.catalog import Catalog
from sparingly.core.chat import Ask
from sparingly.core.features import features_of
from sparingly.core.health import Condition, Cooldown, DeploymentId, after_failure, down
from sparingly.core.policy import RoutingPolicy
from sparingly.core.routing.decide import Candidate, Decision, decide
from sparingly.core.routing.target import Target, needs_classification, resolve
from sparingly.core.vectors import Vector
from sparingly.pipeline.classify import Classification, TierClassifier
from sparingly.ports import Clock

_UNCLASSIFIED = Classification(None)


# Far more deployments than any config has.
_MOST_FAILING = 1_000


class Chosen(msgspec.Struct, frozen=True):
    """The decision, and what making it took."""

    decision: Decision
    classification: Classification
    route_s: float


class Router:
    """Chooses candidates; remembers which deployments fail."""

    def __init__(
        self,
        *,
        policy: RoutingPolicy,
        catalog: Catalog,
        classifier: TierClassifier | None,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self.policy = policy
        self.catalog = catalog
        self._classifier = classifier
        self._clock = clock
        self._rng = rng
        self._cooldown = Cooldown()
        self._health: dict[DeploymentId, Condition] = {}

    def target(self, *, asked: str, tenant: str, path: str, pinned: str | None) -> Target:
        """Where a request is headed, before anything is looked up."""
        return resolve(self.policy, asked=asked, tenant=tenant, path=path, pinned=pinned)

    async def choose(
        self, ask: Ask, target: Target, *, text: str, vector: Vector | None, client_key: str | None
    ) -> Chosen:
        """Choose; classifies only where a tier is due.  Raises UnknownModel."""
        begun = self._clock.tick()
        features = features_of(ask, text)
        classification = _UNCLASSIFIED
        if self._classifier is not None and needs_classification(target, self.policy):
            classification = await self._classifier.classify(
                ask, text=text, features=features, vector=vector, client_key=client_key
            )
        decision = decide(
            target,
            policy=self.policy,
            catalog=self.catalog,
            features=features,
            classified=classification.classified,
            down=down(self._health, now=self._clock.tick()),
            draw=self._rng.random(),
        )
        return Chosen(decision, classification, self._clock.tick() - begun)

    def succeeded(self, candidate: Candidate) -> None:
        """Forget what was held against a deployment."""
        if self._health:
            self._health.pop((candidate.provider, candidate.model), None)

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
