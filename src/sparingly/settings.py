"""The config file as frozen structs: what may be set, its defaults and its units.

Reading, checking and explaining a file is the work of `sparingly.config`; secrets are
never here, only the names of the environment variables that hold them.
"""

from typing import Literal, TypeAlias

import msgspec

from sparingly.core.policy import CachePolicy, Model, RoutingPolicy

Dialect: TypeAlias = Literal["openai", "openai-responses", "anthropic"]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Unknown keys in a config file are errors."""


class Server(_Section, frozen=True, kw_only=True):
    """Where the gateway listens and whom it lets in.

    `keys_env` names a variable that holds `tenant:key` pairs, comma separated;
    without it every caller is let in and a caller's key, hashed, is its tenant.
    `admin_key_env` names the variable with the key to /admin; while that is not
    set, nobody is let in there.
    """

    host: str = "127.0.0.1"
    port: int = 8787
    max_body_bytes: int = 32 * 1024 * 1024
    drain_s: float = 25.0
    keys_env: str | None = None
    admin_key_env: str = "SPARINGLY_ADMIN_KEY"


class Simulation(_Section, frozen=True, kw_only=True):
    """The simulated provider's knobs; rates are shares of requests, 0 to 1."""

    seed: int = 0
    log: str | None = None
    """A traffic log whose answers are given where a request is in it."""
    latency_s: float = 0.0
    first_token_s: float = 0.0
    chunk_s: float = 0.0
    chunk_tokens: int = 4
    answer_tokens: int = 60
    error_rate: float = 0.0
    rate_limit_rate: float = 0.0
    cut_rate: float = 0.0


class Provider(_Section, frozen=True, kw_only=True):
    """A place that answers.

    `base_url` is what the provider's documentation calls so, with or without
    `/v1`.  `key_env` names the variable with the key; without it the client's
    own key is passed through.
    """

    kind: Literal["openai", "anthropic", "simulated"] = "openai"
    base_url: str | None = None
    key_env: str | None = None
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 600.0
    stream_usage: Literal["as_asked", "inject"] = "as_asked"
    """`inject` asks for token counts on every stream and takes them out again unless the client asked too."""
    headers: dict[str, str] = {}
    dialects: tuple[Dialect, ...] = ()
    """What it speaks: requests in one of these go on as they came, others are translated into the first.

    Empty takes what its kind speaks: Chat Completions and Responses, or Messages.
    """
    models: tuple[str, ...] = ()
    """Shell patterns of the model names this provider serves, such as `claude-*`."""
    simulation: Simulation = Simulation()


class EmbedderSettings(_Section, frozen=True, kw_only=True):
    """`model` is `minilm` (in the package), a fastembed model name, or a folder."""

    model: str = "minilm"
    threads: int = 1
    max_batch: int = 16


class Store(_Section, frozen=True, kw_only=True):
    """`edge` keeps answers in the data folder; `qdrant` on a server, cluster or cloud."""

    kind: Literal["edge", "qdrant"] = "edge"
    url: str | None = None
    key_env: str | None = None
    prefer_grpc: bool = True
    grpc_port: int = 6334
    collection: str = "sparingly"
    replicas: int = 1
    """Copies of each answer in a cluster; used when the collection is made."""
    sweep_every_s: float = 60.0


class TrafficLog(_Section, frozen=True, kw_only=True):
    """The log that `replay` reads; off unless asked for, since it holds what users wrote."""

    enabled: bool = False
    max_bytes: int = 100 * 1024 * 1024
    keep_files: int = 10
    redact: tuple[str, ...] = ()
    """Dotted paths in the line whose values are replaced, such as `request.messages.*.content`."""


class LedgerSettings(_Section, frozen=True, kw_only=True):
    """The request ledger in the data folder."""

    enabled: bool = True


class Settings(_Section, frozen=True, kw_only=True):
    """A whole config file."""

    server: Server = Server()
    data_dir: str | None = None
    """Where everything persistent lives; None takes the user's data folder."""
    providers: dict[str, Provider] = {}
    default_provider: str | None = None
    models: dict[str, Model] = {}
    routing: RoutingPolicy = RoutingPolicy()
    cache: CachePolicy = CachePolicy()
    embedder: EmbedderSettings = EmbedderSettings()
    store: Store = Store()
    ledger: LedgerSettings = LedgerSettings()
    traffic_log: TrafficLog = TrafficLog()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
