"""Say in plain words what a config means; never shows a key, only whether it is there."""

from collections.abc import Iterable, Mapping, Sequence

from sparingly.config.catalog import OFFICIAL_HOSTS, catalog_of
from sparingly.config.environment import is_set
from sparingly.config.strategy_words import condition_words, strategy_words
from sparingly.config.warnings import IsPriced, warnings_of
from sparingly.core.catalog import TIERS, patterns_of, places
from sparingly.core.evidence.guards import guards_of
from sparingly.core.policy import CachePolicy, Classifier, RoutingPolicy, for_route
from sparingly.core.routing.target import is_strategy
from sparingly.core.strategies import Route
from sparingly.settings import Provider, Settings

_DEFAULT_DATA = "the user's data folder"


def explain(settings: Settings, environ: Mapping[str, str], *, is_priced: IsPriced | None = None) -> str:
    """What `sparingly check` prints."""
    sections = [
        ("Server", _server(settings, environ)),
        ("Providers", _providers(settings, environ)),
        ("Models", _models(settings)),
        ("Routing", _routing(settings)),
        ("Cache", _cache(settings)),
        ("Storage", _storage(settings, environ)),
    ]
    text = "\n\n".join(f"{title}\n{_indented(lines)}" for title, lines in sections if lines)
    warnings = warnings_of(settings, environ, is_priced=is_priced)
    closing = _indented(f"- {line}" for line in warnings) if warnings else "  none"
    return f"{text}\n\nWarnings\n{closing}\n"


def _server(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    server = settings.server
    callers = "anyone; a caller's key, hashed, is its tenant"
    if server.keys_env is not None:
        callers = f"those with a key listed in {_variable(server.keys_env, environ)}"
    return _table(
        [
            ("listens on", f"{server.host}:{server.port}"),
            ("lets in", callers),
            ("administered with", _admin_key(server.admin_key_env, environ)),
            ("bodies up to", _bytes(server.max_body_bytes)),
            ("drains for", _seconds(server.drain_s)),
            ("logs", f"{settings.log_level} and above, JSON lines on stderr"),
        ]
    )


def _admin_key(variable: str, environ: Mapping[str, str]) -> str:
    if not is_set(environ, variable):
        return f"nothing: {variable} is not set, so that /admin answers 401 to everybody"
    return f"the key in {variable} (present)"


def _providers(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    patterns = {one.name: patterns_of(one) for one in catalog_of(settings).providers}
    default = settings.default_provider
    rows = []
    for name, provider in settings.providers.items():
        serves = _listed(patterns[name])
        if name == default or len(settings.providers) == 1:
            serves = f"{serves}; default" if serves else "any model; default"
        rows.append(
            (name, provider.kind, _address(provider), _key(provider, environ), f"serves {serves or 'none'}")
        )
    return _table(rows)


def _address(provider: Provider) -> str:
    if provider.kind == "simulated":
        return "in process"
    return provider.base_url or f"https://{OFFICIAL_HOSTS[provider.kind]}"


def _key(provider: Provider, environ: Mapping[str, str]) -> str:
    if provider.kind == "simulated":
        return "no key needed"
    if provider.key_env is None:
        return "key: the client's own"
    return f"key: {_variable(provider.key_env, environ)}"


def _models(settings: Settings) -> list[str]:
    catalog = catalog_of(settings)
    rows = []
    for name, model in settings.models.items():
        deployments = [
            f"{place.model} at {place.provider} (weight {place.weight:g})" for place in places(catalog, name)
        ]
        price = "list price"
        if model.price is not None:
            price = f"${model.price.input_usd_per_mtok:g} in, ${model.price.output_usd_per_mtok:g} out per million"
        by = "" if model.balance == "weighted" else f", {model.balance.replace('_', ' ')} first"
        rows.append((name, (", ".join(deployments) or "served nowhere") + by, price))
    return _table(rows)


def _routing(settings: Settings) -> list[str]:
    routing = settings.routing
    lines = [f"asking for {asked} takes {_goal(to, routing)}" for asked, to in routing.names.items()]
    lines += [_route(name, route, routing) for name, route in routing.routes.items()]
    lines.append("any other model name is honored as asked")
    if routing.tiers:
        lines.append(_chooser(routing.classifier))
        if routing.fallback.strategy == "escalate":
            lines.append(
                f"below a confidence of {routing.fallback.min_confidence:g} it takes the next tier up"
            )
        catalog = catalog_of(settings)
        lines += _table(
            (f"  tier {name}", tier.model, "at " + ", ".join(p.provider for p in places(catalog, tier.model)))
            + ((f"from a confidence of {tier.min_confidence:g}",) if tier.min_confidence is not None else ())
            for name, tier in routing.tiers.items()
        )
    lines += strategy_words(routing)
    lines += [f"when {model} fails, then {_listed(others)}" for model, others in routing.fallbacks.items()]
    retry = routing.retry
    lines.append(
        f"each candidate is asked up to {retry.attempts} times, waiting up to {_seconds(retry.max_wait_s)}"
    )
    return lines


def _goal(to: str, routing: RoutingPolicy) -> str:
    if to == TIERS:
        return "the tier that the classifier chooses"
    return f"what {to} chooses" if is_strategy(routing, to) else to


def _route(name: str, route: Route, routing: RoutingPolicy) -> str:
    goal = "the model as asked" if route.to is None else _goal(route.to, routing)
    return f"route {name}: {condition_words(route.match)} takes {goal}"


def _chooser(classifier: Classifier) -> str:
    if classifier.kind == "llm" or classifier.model is not None:
        return f"tiers are chosen by asking {classifier.model}, for up to {_seconds(classifier.timeout_s)}"
    examples = classifier.examples or "the examples in the package"
    return f"tiers are chosen by the local embedding and {examples}"


def _cache(settings: Settings) -> list[str]:
    cache = settings.cache
    rows = [("everywhere", *_cache_words(cache))]
    rows += [(f"route {name}", *_cache_words(for_route(cache, name))) for name in cache.routes]
    lines = _table(rows)
    if cache.grey_zone.judge == "llm":
        zone = cache.grey_zone
        when = "before answering" if zone.sync else "afterwards"
        lines.append(f"doubtful misses, from {zone.low:g} up, are judged by {zone.model} {when}")
    if any(for_route(cache, name).mode != "off" for name in ("", *cache.routes)):
        lines += _storage_rules(cache)
        lines.append(f"up to {cache.max_entries} entries; the least useful go first")
        lines.append(
            f"answers up to {_bytes(cache.max_answer_bytes)}, temperatures up to {cache.max_temperature:g}"
        )
    return lines


def _storage_rules(cache: CachePolicy) -> list[str]:
    """What may not be kept, or not for long, or not for everybody."""
    classes, lines = cache.ttl_classes, []
    if classes.enabled:
        kept = (("live", classes.live), ("current", classes.current), ("seasonal", classes.seasonal))
        said = ", ".join(f"{name} {_seconds(ttl_s) if ttl_s else 'not at all'}" for name, ttl_s in kept)
        lines.append(f"answers that depend on when they are asked for: {said}, if not less")
    own = [f"{tenant} {action}" for tenant, action in cache.personal.tenants.items()]
    lines.append(f"requests with personal data: {', '.join([cache.personal.action, *own])}")
    for group in cache.scope.shared:
        when = "confirmed by a second of them" if cache.shared_write == "confirmed" else "given"
        lines.append(f"{_listed(group)} share answers; those to close questions once {when}")
    return lines


def _cache_words(policy: CachePolicy) -> tuple[str, str, str]:
    if policy.mode == "off":
        return ("off", "", "")
    mode = "on" if policy.mode == "on" else "observe: hits are recorded, not served"
    near = _closeness(policy) if policy.semantic else "exact hits only"
    return (mode, near, f"kept for {_seconds(policy.ttl_s)}")


def _closeness(policy: CachePolicy) -> str:
    if policy.judge == "threshold":
        return f"similarity from {policy.threshold:g}"
    bar = "the judge's own bar" if policy.probability is None else f"probability from {policy.probability:g}"
    if policy.max_error is not None:
        bar = f"wrong hits at most {policy.max_error:.3g} of requests, {_point(policy)}, watched"
    checked = f", {policy.recheck:.3g} checked upstream" if policy.recheck else ""
    return f"{bar}, guards: {', '.join(sorted(guards_of(policy.domain, policy.guards))) or 'none'}{checked}"


def _point(policy: CachePolicy) -> str:
    if policy.probability is None:
        return "at the judge's stated point"
    if (
        policy.tuned_error is not None
        and policy.max_error is not None
        and policy.tuned_error <= policy.max_error
    ):
        return f"at the tuned probability {policy.probability:g}"
    return f"at the judge's stated point or {policy.probability:g}, whichever is stricter"


def _storage(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    store, log = settings.store, settings.traffic_log
    where = "Qdrant Edge in the data folder"
    if store.kind == "qdrant":
        key = "no key" if store.key_env is None else f"key: {_variable(store.key_env, environ)}"
        where = f"Qdrant at {store.url}, collection {store.collection}, {key}"
    threads = "1 thread" if settings.embedder.threads == 1 else f"{settings.embedder.threads} threads"
    kept = f"{log.keep_files} files of {_bytes(log.max_bytes)}" if log.enabled else "off"
    return _table(
        [
            ("data folder", settings.data_dir or _DEFAULT_DATA),
            ("answers", where),
            ("embedder", f"{settings.embedder.model}, {threads}"),
            ("ledger", "ledger.sqlite3 in the data folder" if settings.ledger.enabled else "off"),
            ("traffic log", kept),
        ]
    )


def _variable(name: str, environ: Mapping[str, str]) -> str:
    return f"{name} ({'present' if is_set(environ, name) else 'not set'})"


def _listed(names: Iterable[str], *, limit: int = 6) -> str:
    every = list(names)
    more = f" and {len(every) - limit} more" if len(every) > limit else ""
    return ", ".join(every[:limit]) + more


def _bytes(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size and count % size == 0:
            return f"{count // size} {unit}"
    return f"{count} bytes"


def _seconds(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def _table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines with their columns aligned."""
    cells = [list(row) for row in rows]
    columns = max((len(row) for row in cells), default=0)
    widths = [max(len(row[column]) for row in cells if column < len(row)) for column in range(columns)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in cells
    ]


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)
