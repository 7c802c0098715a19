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
        "audio",
        "batches",
        "chat",
        "complete",
        "completions",
        "containers",
        "conversations",
        "embeddings",
        "files",
        "fine_tuning",
        "images",
        "messages",
        "models",
        "moderations",
        "rerank",
        "responses",
        "skills",
        "uploads",
        "vector_stores",
        "videos",
    }
)


def served_path(path: str) -> str | None:
    """The path beneath `/v1` that is meant, or None where it is no path of an LLM API's."""
    if path.startswith(f"{VERSION}/"):
        rest = path.removeprefix(VERSION)
        return rest if rest.startswith(f"{VERSION}/") else path
    root = path.removeprefix("/").partition("/")[0]
    return VERSION + path if root in _ROOTS and path.startswith("/") else None
