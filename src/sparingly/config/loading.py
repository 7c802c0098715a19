"""Load a config file into settings, or say everything that is wrong with it.

The order: text, YAML, shape, what the file leaves out, rules.  A step that finds
problems ends the loading, because the next would only complain about the same.
Paths in a file are relative to the file's folder, so that a config can be moved
together with what it names.  Secrets are not read here; `require_secrets` looks
whether they are there before the gateway serves.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import msgspec.inspect

from sparingly.config.environment import CLIENT, is_set, with_defaults, with_upstream
from sparingly.config.problems import Problem, config_error, joined
from sparingly.config.rules import rule_problems, url_problems
from sparingly.config.shape import shape_problems
from sparingly.config.yaml_text import Document, parse
from sparingly.errors import ConfigError
from sparingly.settings import Provider, Settings

# A config is a page or two; a hundred times that is some other file.
_MOST_BYTES = 4 * 1024 * 1024


def load_settings(
    config: Path | Mapping[str, object] | None,
    environ: Mapping[str, str],
    *,
    upstream: str | None = None,
    client: Provider | None = None,
) -> Settings:
    """The settings of a file, of a mapping that says the same, or of the environment alone.

    `upstream` replaces providers and routing; `client` is a provider beside the
    config's own, see `with_defaults`.

    Raises:
        ConfigError: something is wrong; its message lists everything that is.
    """
    if isinstance(config, Path):
        source, document = config.name, parse(_text(config), source=str(config))
    else:
        source = "the command line" if config is None else "the config"
        document = Document({} if config is None else dict(config), {}, [])
    settings = _settings(document, source)
    if isinstance(config, Path):
        settings = _with_whole_paths(settings, config.parent.absolute())
    elif config is not None:
        settings = _with_whole_paths(settings, Path.cwd())

    if upstream is not None:
        wrong = list(url_problems("--upstream", upstream))
        if wrong:
            raise config_error(wrong, source="the command line")
        settings = with_upstream(settings, upstream)
    else:
        if client is not None and CLIENT in settings.providers:
            taken = Problem(joined("providers", CLIENT), "this name is taken by the client's own address")
            raise config_error([taken], source=source, lines=document.lines)
        settings = with_defaults(settings, environ, has_names=_has_names(document.values), client=client)
    problems = [*rule_problems(settings), *_missing_files(settings)]
    if problems:
        raise config_error(problems, source=source, lines=document.lines)
    return settings


def missing_secrets(settings: Settings, environ: Mapping[str, str]) -> list[Problem]:
    """The variables that the config names and the environment lacks."""
    named = [
        ("server.keys_env", settings.server.keys_env),
        *((f"providers.{name}.key_env", one.key_env) for name, one in settings.providers.items()),
        ("store.key_env", settings.store.key_env if settings.store.kind == "qdrant" else None),
    ]
    return [
        Problem(path, f"the environment variable {name} is not set")
        for path, name in named
        if name is not None and not is_set(environ, name)
    ]


def require_secrets(settings: Settings, environ: Mapping[str, str]) -> None:
    """Refuse to serve without the keys that the config names.

    Raises:
        ConfigError: a variable is not set.
    """
    problems = missing_secrets(settings, environ)
    if problems:
        raise config_error(problems, source="the environment")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read the config {path}: {error.strerror or error}") from error
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"the config {path} is larger than {_MOST_BYTES} bytes")
    try:
        # With or without the mark that some editors put first.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(f"the config {path} is not UTF-8 (line {line})") from error
    if not text.strip():
        raise ConfigError(f"the config {path} is empty")
    return text


def _settings(document: Document, source: str) -> Settings:
    problems = list(document.problems)
    if isinstance(document.values, dict):
        problems += shape_problems(document.values, msgspec.inspect.type_info(Settings))
    elif not problems:
        raise ConfigError(f"{source} must be a mapping of settings, such as `cache: {{threshold: 0.97}}`")
    if problems:
        raise config_error(problems, source=source, lines=document.lines)
    try:
        return msgspec.convert(document.values, Settings, strict=True)
    except msgspec.ValidationError as error:
        # Shape and msgspec disagree: a gap of ours, but the operator needs a line all the same.
        raise ConfigError(f"{source}: {error}") from error


def _has_names(values: object) -> bool:
    routing = values.get("routing") if isinstance(values, dict) else None
    return isinstance(routing, dict) and "names" in routing


def _with_whole_paths(settings: Settings, folder: Path) -> Settings:
    """The settings with every path in them made whole."""
    classifier = settings.routing.classifier
    routing = msgspec.structs.replace(
        settings.routing,
        classifier=msgspec.structs.replace(classifier, examples=_whole(classifier.examples, folder)),
    )
    learned = routing.learned
    if learned is not None:
        file = _whole(learned.file, folder) or learned.file
        routing = msgspec.structs.replace(routing, learned=msgspec.structs.replace(learned, file=file))
    providers = {
        name: msgspec.structs.replace(
            one, simulation=msgspec.structs.replace(one.simulation, log=_whole(one.simulation.log, folder))
        )
        for name, one in settings.providers.items()
    }
    model = settings.embedder.model
    if model.startswith((".", "/", "~")):
        # Anything else is the name of a model, which may have a slash in it.
        model = _whole(model, folder) or model
    return msgspec.structs.replace(
        settings,
        data_dir=_whole(settings.data_dir, folder),
        routing=routing,
        providers=providers,
        embedder=msgspec.structs.replace(settings.embedder, model=model),
        cache=msgspec.structs.replace(settings.cache, judge_file=_whole(settings.cache.judge_file, folder)),
    )


def _whole(path: str | None, folder: Path) -> str | None:
    if path is None:
        return None
    try:
        return str(folder / Path(path).expanduser())
    except RuntimeError as error:
        raise ConfigError(f"cannot tell whose home {path!r} means") from error


def _missing_files(settings: Settings) -> list[Problem]:
    named: list[tuple[str, str | None, Callable[[Path], bool], str]] = [
        ("routing.classifier.examples", settings.routing.classifier.examples, Path.is_file, "file"),
        ("cache.judge_file", settings.cache.judge_file, Path.is_file, "file"),
    ]
    if settings.routing.learned is not None:
        named.append(("routing.learned.file", settings.routing.learned.file, Path.is_file, "file"))
    for name, one in settings.providers.items():
        named.append(
            (joined(joined("providers", name), "simulation.log"), one.simulation.log, Path.is_file, "file")
        )
    if settings.embedder.model.startswith("/"):
        named.append(("embedder.model", settings.embedder.model, Path.is_dir, "folder"))
    return [
        Problem(path, f"there is no {what} {file}")
        for path, file, exists, what in named
        if file is not None and not exists(Path(file))
    ]
