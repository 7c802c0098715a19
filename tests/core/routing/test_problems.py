"""What `check` says about a routing config that cannot work."""

import pytest

from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.core.policy import (
    Classifier,
    Deployment,
    Escalation,
    Model,
    Retry,
    Route,
    RouteMatch,
    RoutingPolicy,
    Tier,
)
from sparingly.core.routing.problems import routing_problems

HOUSE = ProviderInfo("house", "anthropic", is_official=True)
CATALOG = Catalog((HOUSE,), {"small": Model(deployments=(Deployment(provider="house"),))})


@pytest.mark.parametrize(
    ("policy", "path", "part"),
    [
        (RoutingPolicy(tiers={"a": Tier(model="gpt-4o")}), "routing.tiers.a.model", "'gpt-4o'"),
        (RoutingPolicy(names={"fast": "gpt-4o"}), "routing.names.fast", "'gpt-4o'"),
        (
            RoutingPolicy(routes={"r": Route(match=RouteMatch(), to="gpt-4o")}),
            "routing.routes.r.to",
            "'gpt-4o'",
        ),
        (
            RoutingPolicy(routes={"r": Route(match=RouteMatch(), to="tiers")}),
            "routing.routes.r.to",
            "routing.tiers is empty",
        ),
        (RoutingPolicy(fallbacks={"small": ("gpt-4o",)}), "routing.fallbacks.small[0]", "'gpt-4o'"),
        (RoutingPolicy(fallbacks={"gpt-4o": ()}), "routing.fallbacks.gpt-4o", "'gpt-4o'"),
        (RoutingPolicy(classifier=Classifier(kind="llm")), "routing.classifier.model", "needs a model"),
        (RoutingPolicy(classifier=Classifier(model="gpt-4o")), "routing.classifier.model", "'gpt-4o'"),
        (
            RoutingPolicy(classifier=Classifier(model="small", examples="x")),
            "routing.classifier.examples",
            "embedding classifier",
        ),
        (
            RoutingPolicy(classifier=Classifier(kind="embedding", model="small")),
            "routing.classifier.model",
            "llm classifier",
        ),
        (RoutingPolicy(fallback=Escalation(min_confidence=70)), "routing.fallback.min_confidence", "70"),
        (RoutingPolicy(retry=Retry(attempts=0)), "routing.retry.attempts", "not 0"),
        (RoutingPolicy(retry=Retry(max_wait_s=-1)), "routing.retry.max_wait_s", "not -1"),
        (RoutingPolicy(retry=Retry(base_wait_s=float("nan"))), "routing.retry.base_wait_s", "not nan"),
        (RoutingPolicy(classifier=Classifier(timeout_s=0)), "routing.classifier.timeout_s", "more than 0"),
        (RoutingPolicy(classifier=Classifier(max_tokens=0)), "routing.classifier.max_tokens", "one token"),
    ],
)
def test_each_mistake_is_named_with_its_path(policy: RoutingPolicy, path: str, part: str) -> None:
    """Exactly one problem for each."""
    (problem,) = routing_problems(policy, CATALOG)

    assert problem.path == path
    assert part in problem.message


@pytest.mark.parametrize(
    ("catalog", "path", "part"),
    [
        (Catalog((HOUSE,), default_provider="hose"), "default_provider", "'hose'; there are: house"),
        (Catalog((), default_provider="x"), "default_provider", "there are: none"),
        (
            Catalog((HOUSE,), {"m": Model(deployments=(Deployment(provider="azure"),))}),
            "models.m.deployments[0].provider",
            "'azure'",
        ),
        (
            Catalog((HOUSE,), {"m": Model(deployments=(Deployment(provider="house", weight=-1),))}),
            "models.m.deployments[0].weight",
            "not -1",
        ),
    ],
)
def test_mistakes_about_providers_are_named_with_their_path(catalog: Catalog, path: str, part: str) -> None:
    """And with the providers there are."""
    (problem,) = routing_problems(RoutingPolicy(), catalog)

    assert problem.path == path
    assert part in problem.message


def test_a_config_that_works_has_no_problems() -> None:
    """The default `auto: tiers` needs no tiers."""
    policy = RoutingPolicy(
        classifier=Classifier(model="claude-haiku-4-5"),
        tiers={"a": Tier(model="small"), "b": Tier(model="claude-opus-4-6")},
        routes={"r": Route(match=RouteMatch(model="x"), to="tiers")},
        fallbacks={"small": ("claude-haiku-4-5",)},
    )

    assert routing_problems(policy, CATALOG) == []
    assert routing_problems(RoutingPolicy(), CATALOG) == []
