"""Read the file of `routing.learned`, and lay its models on those that the config serves.

A model of the file that the config does not serve is never chosen: it is left out
here, once, at start.  Fewer than two left is an error, since there is nothing to
choose.  A name counts as served where the config spells it out or a provider's
patterns claim it; that some default provider takes any name is no promise.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from sparingly.core.catalog import Catalog, is_claimed, known_models
from sparingly.core.policy import RoutingPolicy
from sparingly.core.routing.estimates import Estimates, checked_models
from sparingly.core.routing.router_file import load_router
from sparingly.core.routing.router_model import RouterModel
from sparingly.core.strategies import Learned
from sparingly.core.vectors import Vector
from sparingly.errors import ConfigError

_SETTING = "routing.learned"


class ServedEstimates:
    """Estimates of the file under the config's names; satisfies `FittedEstimates`."""

    def __init__(self, model: RouterModel, names: Mapping[str, str]) -> None:
        """`names` maps the file's models to the config's; others are left out."""
        self._model = model
        self._names = dict(names)

    @property
    def known(self) -> frozenset[str]:
        """The models of the config that are estimated."""
        return frozenset(self._names.values())

    @property
    def cost_weight(self) -> float:
        """The operating point that it was shipped with, quality per dollar."""
        return self._model.cost_weight

    @property
    def least_support(self) -> float:
        """The bar below which it should not be listened to."""
        return self._model.least_support

    def estimate(self, vector: Vector, text: str) -> Estimates:
        """What each of them would do with a prompt."""
        found = self._model.estimate(vector, text)
        return msgspec.structs.replace(
            found,
            models=tuple(
                msgspec.structs.replace(one, model=self._names[one.model])
                for one in found.models
                if one.model in self._names
            ),
        )


def open_estimates(
    learned: Learned, *, catalog: Catalog, policy: RoutingPolicy, embedder: str
) -> ServedEstimates:
    """Read the file.

    Raises:
        StartupError: it cannot be read, or holds nothing that can be used with this config.
    """
    try:
        data = Path(learned.file).read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {learned.file}: {error.strerror}", path=f"{_SETTING}.file") from error
    model = load_router(data, embedder=embedder, source=learned.file)
    return ServedEstimates(model, served_names(learned, model.models, catalog=catalog, policy=policy))


def served_names(
    learned: Learned, estimated: tuple[str, ...], *, catalog: Catalog, policy: RoutingPolicy
) -> dict[str, str]:
    """The file's models that are served, with the config's names for them.

    Raises:
        StartupError: the config maps a model that the file does not know, or fewer than two are left.
    """
    for name in learned.models:
        if name not in estimated:
            raise ConfigError(
                f'the file knows no model "{name}"; it knows {", ".join(estimated)}',
                path=f"{_SETTING}.models.{name}",
            )
    if learned.models:
        return dict(learned.models)
    spelled = {one.name for one in known_models(catalog, policy) if one.provider is not None}
    served = [name for name in estimated if name in spelled or is_claimed(catalog, name)]
    both = checked_models(estimated, served, source=learned.file)
    return {name: name for name in estimated if name in both}
