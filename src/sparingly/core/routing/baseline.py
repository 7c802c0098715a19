"""Name the model whose price a saving is measured against.

It is what the caller would have paid for without the gateway:
 1. a strategy: the model that was asked by its own name, or else the most capable
    of the strategy's, which is what a caller without a router has to ask for to be sure;
 2. a pinned model: that one, since it is the caller's own wish;
 3. a name that only the config knows, such as `fast`: the model it stands for;
 4. the asked model, whatever it was routed to.
"""

from sparingly.core.catalog import Catalog, is_claimed
from sparingly.core.policy import RoutingPolicy
from sparingly.core.routing.target import Target, strategy_models


def baseline_model(target: Target, *, asked: str, policy: RoutingPolicy, catalog: Catalog) -> str:
    """The model whose price a saving is measured against."""
    # A name that the config maps is made up, unless a provider or a model entry claims it as its own.
    is_made_up = asked in policy.names and not is_claimed(catalog, asked)
    if target.model is None:
        return strategy_models(policy, target.strategy)[-1] if is_made_up else asked
    if target.reason == "pinned" or is_made_up:
        return target.model
    return asked
