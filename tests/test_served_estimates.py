"""The learned file's models are laid on those of the config, once, at start."""

from pathlib import Path

import numpy as np
import pytest

from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.core.policy import RoutingPolicy, Tier
from sparingly.core.pricing import NanoDollars
from sparingly.core.routing.estimates import Estimate, Estimates
from sparingly.core.strategies import Learned
from sparingly.core.vectors import Vector
from sparingly.errors import ConfigError, StartupError
from sparingly.served_estimates import ServedEstimates, open_estimates, served_names

CATALOG = Catalog((ProviderInfo("one", patterns=("gpt-*",)), ProviderInfo("any")), default_provider="any")
POLICY = RoutingPolicy(tiers={"low": Tier(model="llama-8b")})
FILE = ("gpt-4o", "llama-8b", "retired-model")


class FixedModel:
    """As much of a fitted router as is asked."""

    cost_weight, least_support = 5.0, 0.1

    def estimate(self, vector: Vector, text: str) -> Estimates:
        del vector, text
        return Estimates(tuple(Estimate(name, 0.5, NanoDollars(1)) for name in FILE), support=0.7, task="t")


def test_models_that_the_config_spells_out_or_a_provider_claims_are_served() -> None:
    """That the default provider takes any name is no promise."""
    names = served_names(Learned(file="r", default="gpt-4o"), FILE, catalog=CATALOG, policy=POLICY)

    assert names == {"gpt-4o": "gpt-4o", "llama-8b": "llama-8b"}


def test_one_model_is_no_choice() -> None:
    """Clear at start, and never a wrong route at run time."""
    with pytest.raises(StartupError, match="it takes two to choose"):
        served_names(
            Learned(file="r", default="gpt-4o"),
            ("gpt-4o", "retired-model"),
            catalog=CATALOG,
            policy=RoutingPolicy(),
        )


def test_a_mapped_model_that_the_file_does_not_know_is_told() -> None:
    """With those it knows."""
    learned = Learned(file="r", default="gpt-4o", models={"gpt-4": "gpt-4o", "llama-8b": "llama-8b"})

    with pytest.raises(ConfigError, match='no model "gpt-4"; it knows gpt-4o, llama-8b') as caught:
        served_names(learned, FILE, catalog=CATALOG, policy=POLICY)
    assert caught.value.path == "routing.learned.models.gpt-4"


def test_only_served_models_are_estimated_under_the_configs_names() -> None:
    """A model that left the config can not be chosen."""
    estimates = ServedEstimates(FixedModel(), {"gpt-4o": "big", "llama-8b": "small"})  # type: ignore[arg-type]  # a stand-in

    found = estimates.estimate(np.zeros(3, dtype=np.float32), "Hi")

    assert [one.model for one in found.models] == ["big", "small"]
    assert (found.support, found.task) == (0.7, "t")
    assert estimates.known == {"big", "small"}
    assert (estimates.cost_weight, estimates.least_support) == (5.0, 0.1)


def test_a_file_that_is_gone_or_none_of_ours_is_told(tmp_path: Path) -> None:
    """By its name and its key."""
    file = tmp_path / "r.bin"
    file.write_bytes(b"something else")

    with pytest.raises(StartupError, match=r"r\.bin is no router file"):
        open_estimates(Learned(file=str(file), default="x"), catalog=CATALOG, policy=POLICY, embedder="e")
    with pytest.raises(ConfigError) as caught:
        open_estimates(Learned(file=str(tmp_path), default="x"), catalog=CATALOG, policy=POLICY, embedder="e")
    assert caught.value.path == "routing.learned.file"
