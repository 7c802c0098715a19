"""Every error this package raises on purpose, split by whose fault it is.

    SparinglyError
    ├── RequestError            the client's: answered with a 4xx in its dialect
    │   ├── InvalidRequest      a field is missing, malformed or unknown to us
    │   ├── BodyTooLarge
    │   ├── UnknownModel
    │   ├── UnknownRequest      no request of that id was this caller's
    │   ├── UnknownAnswer       no provider holds an answer under that id
    │   ├── NotAuthorized
    │   └── NotCached           `only-if-cached` and nothing was
    ├── UpstreamError           the provider's or the network's
    │   ├── UpstreamUnreachable no answer began: refused, reset, timed out, TLS
    │   ├── UpstreamBroke       an answer began and did not end properly
    │   └── UpstreamNonsense    an answer that is not in the provider's dialect
    ├── ServiceError            a part of ours that may fail while requests flow
    │   ├── StoreError
    │   ├── EmbedderError
    │   ├── LedgerError
    │   ├── TrafficLogError
    │   └── TextUnfit           not a fault: no vector stands for all of the text
    │       ├── TextTooLong     it does not fit the embedder's window
    │       └── TextUnreadable  it has words that the embedder cannot tell apart
    ├── StartupError            the operator's: one clear line, exit code 2
    │   └── ConfigError         names the path in the config file
    ├── LogError                a traffic log that cannot be read: names file and line
    └── TuningError             a log that can be read but shows no operating point: says what is missing

Foreign exceptions are translated where they enter; nothing outside this tree
crosses a port.
"""

from collections.abc import Sequence


class SparinglyError(Exception):
    """Root of the tree; `code` is the slug that headers, metrics and the ledger carry."""

    code = "internal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RequestError(SparinglyError):
    """The client's request cannot be served as it is; `field` names the part that is wrong."""

    code = "invalid-request"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class InvalidRequest(RequestError):
    """A field is missing, malformed or out of range."""


class BodyTooLarge(RequestError):
    """The body is larger than the configured limit."""

    code = "body-too-large"


class UnknownModel(RequestError):
    """No provider is configured for the model asked for."""

    code = "unknown-model"


class UnknownRequest(RequestError):
    """No request of that id is known, or it was not this caller's."""

    code = "unknown-request"


class UnknownAnswer(RequestError):
    """The id is one of ours, and no provider holds an answer behind it."""

    code = "unknown-answer"


class NotAuthorized(RequestError):
    """The key is missing or wrong."""

    code = "not-authorized"


class NotCached(RequestError):
    """The client wants a stored answer only, and there is none."""

    code = "not-cached"


class UpstreamError(SparinglyError):
    """The provider or the network failed."""

    code = "upstream"


class UpstreamUnreachable(UpstreamError):
    """No answer began, so another attempt is safe."""

    code = "upstream-unreachable"


class UpstreamBroke(UpstreamError):
    """An answer began and was cut."""

    code = "upstream-broke"


class UpstreamNonsense(UpstreamError):
    """The provider's answer is not in its dialect."""

    code = "upstream-nonsense"


class ServiceError(SparinglyError):
    """A part of the gateway failed; requests flow without it."""

    code = "service"


class StoreError(ServiceError):
    """The answer store failed."""

    code = "store-error"


class EmbedderError(ServiceError):
    """The embedder failed."""

    code = "embedder-error"


class LedgerError(ServiceError):
    """Entries of the ledger are not being written."""

    code = "ledger-error"


class TrafficLogError(ServiceError):
    """Lines of the traffic log are not being written."""

    code = "traffic-log-error"


class TextUnfit(ServiceError):
    """No vector stands for all of the text: it is compared exactly or not at all."""

    code = "text-unfit"


class TextTooLong(TextUnfit):
    """The text has more word pieces than the embedder's window."""

    code = "text-too-long"


class TextUnreadable(TextUnfit):
    """The text has words outside the embedder's vocabulary, all of which look the same to it.

    `words` are those, as written and in order.
    """

    code = "text-unreadable"

    def __init__(self, message: str, *, words: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.words = tuple(words)


class StartupError(SparinglyError):
    """The gateway cannot start; the message is one clear line for the operator."""

    code = "startup"


class ConfigError(StartupError):
    """The config is wrong; `path` names the place, such as `cache.routes.faq.threshold`."""

    code = "config"

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class LogError(SparinglyError):
    """A traffic log cannot be read; the message names file, line and reason."""

    code = "log"


class TuningError(SparinglyError):
    """A log shows no operating point; the message says what is missing and how much of it."""

    code = "tuning"
