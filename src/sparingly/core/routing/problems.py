"""Find what is wrong with a routing config before a request does.

Every model that a rule can lead to must be served by somebody; every name that
a rule mentions must exist.  `check` and `serve` call this and stop on the first.
"""

from collections.abc import Iterator

import msgspec

from sparingly.core.catalog import TIERS, Catalog, places
from sparingly.core.policy import RoutingPolicy
from sparingly.core.routing.tiers import classifier_kind


class Problem(msgspec.Struct, frozen=True):
    """What is wrong and where in the config file."""

    path: str
    message: str


def routing_problems(policy: RoutingPolicy, catalog: Catalog) -> list[Problem]:
    """Everything in the routing and model settings that cannot work."""
    return [
        *_of_models(catalog),
        *_of_targets(policy, catalog),
        *_of_classifier(policy, catalog),
        *_of_numbers(policy),
    ]


def _of_models(catalog: Catalog) -> Iterator[Problem]:
    names = {provider.name for provider in catalog.providers}
    listed = ", ".join(sorted(names)) or "none"
    if catalog.default_provider is not None and catalog.default_provider not in names:
        message = f"no provider is called '{catalog.default_provider}'; there are: {listed}"
        yield Problem("default_provider", message)
    for name, model in catalog.models.items():
        for index, deployment in enumerate(model.deployments):
            path = f"models.{name}.deployments[{index}]"
            if deployment.provider not in names:
                message = f"no provider is called '{deployment.provider}'; there are: {listed}"
                yield Problem(f"{path}.provider", message)
            if not 0 <= deployment.weight < float("inf"):
                yield Problem(f"{path}.weight", f"a weight is 0 (a reserve) or more, not {deployment.weight}")


def _of_targets(policy: RoutingPolicy, catalog: Catalog) -> Iterator[Problem]:
    for path, model in _models_led_to(policy):
        if model == TIERS:
            if not policy.tiers:
                yield Problem(path, f"'{TIERS}' is chosen, but routing.tiers is empty")
        elif not places(catalog, model):
            yield Problem(path, f"no provider serves the model '{model}'")
    for name in policy.fallbacks:
        if not places(catalog, name):
            yield Problem(f"routing.fallbacks.{name}", f"no provider serves the model '{name}'")


def _models_led_to(policy: RoutingPolicy) -> Iterator[tuple[str, str]]:
    for name, tier in policy.tiers.items():
        yield f"routing.tiers.{name}.model", tier.model
    for name, rule in policy.routes.items():
        if rule.to is not None:
            yield f"routing.routes.{name}.to", rule.to
    for name, target in policy.names.items():
        # `auto: tiers` is a default that nobody wrote, so it may stand without tiers.
        if target != TIERS:
            yield f"routing.names.{name}", target
    for name, models in policy.fallbacks.items():
        for index, model in enumerate(models):
            yield f"routing.fallbacks.{name}[{index}]", model


def _of_classifier(policy: RoutingPolicy, catalog: Catalog) -> Iterator[Problem]:
    classifier = policy.classifier
    path = "routing.classifier"
    if classifier_kind(policy) == "llm":
        if classifier.model is None:
            yield Problem(f"{path}.model", "an llm classifier needs a model")
        elif not places(catalog, classifier.model):
            yield Problem(f"{path}.model", f"no provider serves the model '{classifier.model}'")
        if classifier.examples is not None:
            yield Problem(f"{path}.examples", "examples belong to the embedding classifier")
    elif classifier.model is not None:
        yield Problem(f"{path}.model", "a model belongs to the llm classifier")


def _of_numbers(policy: RoutingPolicy) -> Iterator[Problem]:
    bar = policy.fallback.min_confidence
    if not 0 <= bar <= 1:
        yield Problem("routing.fallback.min_confidence", f"a confidence is between 0 and 1, not {bar}")
    if policy.retry.attempts < 1:
        yield Problem(
            "routing.retry.attempts", f"at least one attempt is needed, not {policy.retry.attempts}"
        )
    waits = {"base_wait_s": policy.retry.base_wait_s, "max_wait_s": policy.retry.max_wait_s}
    for field, wait_s in waits.items():
        if not 0 <= wait_s < float("inf"):
            yield Problem(f"routing.retry.{field}", f"a wait is 0 or more seconds, not {wait_s}")
    if policy.classifier.timeout_s <= 0:
        yield Problem("routing.classifier.timeout_s", "a time limit is more than 0 seconds")
    if policy.classifier.max_tokens < 1:
        yield Problem("routing.classifier.max_tokens", "at least one token is needed")
