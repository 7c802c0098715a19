"""From the path that a client asked to the one that is served.

Clients differ in where they put the version: to OpenAI's it belongs to the base
URL, to Anthropic's to the path.  With either kind of base URL either client
must find its endpoint, so these are one: `/v1/messages`, `/messages` and
`/v1/v1/messages`.
"""

VERSION = "/v1"

# What stands first in the paths of OpenAI's and Anthropic's APIs; nothing else here has such a name.
_ROOTS = frozenset(
    {
        "agents",
        "assistants",
        "audio",
        "batches",
        "chat",
        "chatkit",
        "complete",
        "completions",
        "containers",
        "content_provenance_checks",
        "conversations",
        "decisions",
        "embeddings",
        "evals",
        "files",
        "fine_tuning",
        "images",
        "live",
        "messages",
        "models",
        "moderations",
        "organization",
        "projects",
        "realtime",
        "rerank",
        "responses",
        "safety",
        "skills",
        "threads",
        "uploads",
        "vaults",
        "vector_stores",
        "videos",
        "webhook_endpoints",
        "webhook_event_types",
    }
)


def served_path(path: str) -> str | None:
    """The path beneath `/v1` that is meant, or None where it is no path of an LLM API's."""
    if path.startswith(f"{VERSION}/"):
        rest = path.removeprefix(VERSION)
        return rest if rest.startswith(f"{VERSION}/") else path
    root = path.removeprefix("/").partition("/")[0]
    return VERSION + path if root in _ROOTS and path.startswith("/") else None
