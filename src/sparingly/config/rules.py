"""What a config must keep beyond its shape: texts that mean something, parts that fit together.

Pure: files and the environment are looked at in `loading.py`.  What is merely
unwise is no rule but a warning, see `warnings.py`.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from sparingly.config.problems import Problem, joined
from sparingly.config.ranges import range_problems
from sparingly.config.routing_rules import routing_problems
from sparingly.config.secret_words import is_secret_name
from sparingly.core.evidence.guards import GUARDS
from sparingly.core.policy import CachePolicy, RouteCache, for_route
from sparingly.settings import Provider, Settings

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Names travel in response headers and file names: RFC 9110's field values without spaces.
_NAME = re.compile(r"[!-~]+")
# RFC 9110, section 5.6.2: a field name is a token.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_COLLECTION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
# Without these two a line of the traffic log cannot be read any more (FORMATS section 1).
_UNREDACTABLE = frozenset({"id", "time"})


def rule_problems(settings: Settings) -> list[Problem]:
    """Everything that is wrong with a config whose shape is right."""
    return [
        *range_problems(settings),
        *_server(settings),
        *_providers(settings),
        *routing_problems(settings),
        *_cache(settings),
        *_store(settings),
        *_traffic_log(settings),
    ]


def url_problems(path: str, url: str) -> Iterator[Problem]:
    """What is wrong with a base URL; it is not shown where it holds a password."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        is_whole, parts = False, urlsplit("")
    if parts.username is not None or parts.password is not None:
        yield Problem(path, "a secret does not belong in the config; leave the part before the @ out")
    elif not is_whole or parts.query or parts.fragment or not url.isprintable() or " " in url:
        yield Problem(path, "expected a URL such as https://api.example.com/v1, without ? and #")


def _server(settings: Settings) -> Iterator[Problem]:
    if not settings.server.host.strip():
        yield Problem("server.host", "expected an address or a host name, got an empty text")
    yield from _variable("server.keys_env", settings.server.keys_env)
    yield from _variable("server.admin_key_env", settings.server.admin_key_env)


def _providers(settings: Settings) -> Iterator[Problem]:
    for name, provider in settings.providers.items():
        here = joined("providers", name)
        if not _NAME.fullmatch(name):
            yield Problem(here, "a provider's name must be printable ASCII without spaces")
        yield from _provider(here, provider)
    default = settings.default_provider
    if default is not None and default not in settings.providers:
        yield Problem("default_provider", f'no provider is called "{default}"; {_known(settings.providers)}')


def _provider(here: str, provider: Provider) -> Iterator[Problem]:
    yield from _variable(joined(here, "key_env"), provider.key_env)
    if provider.base_url is not None:
        yield from url_problems(joined(here, "base_url"), provider.base_url)
    for index, pattern in enumerate(provider.models):
        if not pattern:
            yield Problem(joined(joined(here, "models"), index), "a pattern of model names must not be empty")
    for header, value in provider.headers.items():
        where = joined(joined(here, "headers"), header)
        if not _TOKEN.fullmatch(header):
            yield Problem(where, "not the name of an HTTP header")
        elif is_secret_name(header):
            yield Problem(where, "a secret does not belong in the config; name its variable with key_env")
        if not value.isascii() or not value.isprintable():
            yield Problem(where, "a header's value must be printable ASCII")


def _guards(settings: Settings) -> Iterator[Problem]:
    for here, guards in [
        ("cache.guards", settings.cache.guards),
        *(
            (f"cache.routes.{name}.guards", route.guards or {})
            for name, route in settings.cache.routes.items()
        ),
    ]:
        for name in guards:
            if name not in GUARDS:
                yield Problem(f"{here}.{name}", f"there is no such guard; there are {', '.join(GUARDS)}")


def _errors(cache: CachePolicy) -> Iterator[Problem]:
    """A bound needs a judge that states errors, and an error that was measured a point that it was measured at."""
    for name in ("", *cache.routes):
        here = joined("cache.routes", name) if name else "cache"
        own: CachePolicy | RouteCache = cache.routes[name] if name else cache
        policy = for_route(cache, name)
        is_new = own.max_error is not None or own.judge == "threshold"
        if policy.max_error is not None and policy.judge == "threshold" and (is_new or not name):
            yield Problem(
                joined(here, "max_error" if own.max_error is not None else "judge"),
                "a bare threshold states no error: use the fitted judge here, or set max_error only where that one "
                "judges; for a threshold, `sparingly tune LOG --max-error ...` finds one on your own log",
            )
        if own.tuned_error is not None and policy.probability is None:
            yield Problem(
                joined(here, "tuned_error"),
                "says for which error cache.probability was measured, and there is no probability",
            )


def _cache(settings: Settings) -> Iterator[Problem]:
    zone = settings.cache.grey_zone
    if zone.low > zone.high:
        yield Problem("cache.grey_zone.low", f"expected at most high, which is {zone.high:g}")
    yield from _guards(settings)
    yield from _errors(settings.cache)
    for index, pattern in enumerate(settings.cache.scope.ignore):
        try:
            re.compile(pattern)
        except re.error as error:
            yield Problem(joined("cache.scope.ignore", index), f"not a regular expression: {error}")
    group_of: dict[str, int] = {}
    for index, group in enumerate(settings.cache.scope.shared):
        here = joined("cache.scope.shared", index)
        if len(set(group)) < 2:
            yield Problem(here, "expected two tenants or more that share their answers")
        for tenant in group:
            if group_of.setdefault(tenant, index) != index:
                yield Problem(here, f'the tenant "{tenant}" is in group [{group_of[tenant]}] already')


def _store(settings: Settings) -> Iterator[Problem]:
    store = settings.store
    yield from _variable("store.key_env", store.key_env)
    if store.kind == "qdrant" and store.url is None:
        yield Problem(
            "store.url", "missing; a store of the kind qdrant needs one, such as http://localhost:6333"
        )
    if store.url is not None:
        yield from url_problems("store.url", store.url)
    if not _COLLECTION.fullmatch(store.collection):
        yield Problem("store.collection", "expected up to 255 letters, digits, dots, dashes and underscores")


def _traffic_log(settings: Settings) -> Iterator[Problem]:
    for index, path in enumerate(settings.traffic_log.redact):
        here = joined("traffic_log.redact", index)
        steps = path.split(".")
        if not all(steps):
            yield Problem(here, "expected a dotted path such as request.messages.*.content")
        elif steps[0] in _UNREDACTABLE or steps == ["*"]:
            yield Problem(here, "a line without its id and time could not be replayed")


def _variable(path: str, name: str | None) -> Iterator[Problem]:
    if name is not None and not _VARIABLE.fullmatch(name):
        # The text is not shown: it may be the secret itself.
        yield Problem(path, "expected the name of an environment variable, such as OPENAI_API_KEY")


def _known(names: object) -> str:
    listed = ", ".join(names) if isinstance(names, dict) else ""
    return f"known: {listed}" if listed else "no provider is configured"
