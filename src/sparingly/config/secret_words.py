"""Tell a secret from a setting, so that none is kept in a file or shown in a message.

Rule: only the environment holds secrets; the config names variables.  A false
alarm costs the operator a rename, a missed key may end up in a repository.
"""

import re

# Beginnings of keys as their houses issue them: OpenAI and Anthropic sk-, Stripe-like sk_ pk_ rk_, Groq gsk_,
# xAI xai-, Hugging Face hf_, Google AIza, GitHub ghp_, and JSON web tokens (November 2026).
_KEY = re.compile(
    r"\b(?:sk-\S{6,}|(?:sk|pk|rk|gsk|ghp|hf)_\w{16,}|xai-\w{16,}|AIza[\w-]{20,}|eyJ[\w-]{10,}\.[\w-]+)"
    r"|\bBearer\s+\S{8,}",
)
_NAMES = frozenset(
    {
        *("key", "api_key", "apikey", "admin_key", "keys", "secret", "secrets", "credential", "credentials"),
        *("token", "auth_token", "access_token", "bearer_token", "password", "passwd", "passphrase"),
        *("authorization", "proxy_authorization", "x_api_key", "cookie"),
    }
)


def looks_like_key(text: str) -> bool:
    """Whether a text has the shape of a provider's key."""
    return _KEY.search(text) is not None


def is_secret_name(name: str) -> bool:
    """Whether a field of this name would hold a secret."""
    return name.lower().replace("-", "_") in _NAMES


def shown(value: object) -> str:
    """A value as an error message may show it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value!r}"
        case str() if looks_like_key(value):
            return "text that looks like a key"
        case str():
            # 40 characters are enough to find the place.
            return f'the text "{value if len(value) <= 40 else value[:40] + "..."}"'
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"a {type(value).__name__}"
