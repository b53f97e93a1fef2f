"""Strict TOML to frozen dataclass, and back: an unknown key, a wrong type or a value out of range is an error."""

import dataclasses
import tomllib
import types
import typing
from pathlib import Path

from biomimic import errors
from biomimic.errors import BadFile, BadValue, BiomimicError

T = typing.TypeVar("T")


def ranged(default: object = dataclasses.MISSING, *, low: float | None = None, high: float | None = None) -> typing.Any:
    """A dataclass field whose value must lie in [low, high] when it is read from a file."""
    return dataclasses.field(default=default, metadata={"low": low, "high": high})


def one_of(*allowed: str, default: object = dataclasses.MISSING) -> typing.Any:
    """A dataclass field whose value must be one of the named ones when it is read from a file."""
    return dataclasses.field(default=default, metadata={"allowed": allowed})


def load(cls: type[T], path: str | Path) -> T:
    """Read a TOML file into a frozen dataclass of frozen dataclasses.

    Fields may be bool, int, float, str, `X | None`, tuple[X, ...], dict[str, X] and dataclasses of these.

    Raises:
        BadFile: the file is missing, is no TOML, or has an unknown or missing key.
        BadValue: a value has the wrong type or is out of range; file, key, value and what is allowed are named.
    """
    return loads(cls, read_text(path), name=str(path))


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        BadFile: missing, unreadable or not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadFile(f"{path} does not exist.") from None
    except UnicodeDecodeError:
        raise BadFile(f"{path} is not a UTF-8 text file.") from None
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None


def parse(text: str, *, name: str) -> dict[str, typing.Any]:
    """TOML text to nested dictionaries; `name` stands in the message of the error."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"{name} is not valid TOML: {error}.") from None


def loads(cls: type[T], text: str, *, name: str = "this text") -> T:
    """As `load`, from text; `name` stands for the file in messages."""
    return build(cls, parse(text, name=name), name=name)


def build(cls: type[T], values: dict[str, typing.Any], *, name: str, table: str = "") -> T:
    """As `load`, from nested dictionaries; `table` is the dotted place inside the file."""
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
    place = f" in [{table}]" if table else ""
    for key in values:
        if key not in fields:
            close = errors.unknown("key", key, fields).args[0].partition("Did you mean ")[2]
            hint = f" Did you mean {close}" if close else ""
            raise BadFile(f'{name}: unknown key "{key}"{place}. Known keys: {", ".join(fields)}.{hint}')
    hints = typing.get_type_hints(cls)
    found = {}
    for key, field in fields.items():
        if key in values:
            where = f"{table}.{key}" if table else key
            found[key] = _convert(hints[key], values[key], name, where)
            _check_range(field, found[key], name, where)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise BadFile(f'{name}: the key "{key}" is missing{place}.')
    try:
        return cls(**found)
    except BiomimicError as error:
        raise BadValue(f"{name}{place}: {error}") from None


def _check_range(field: dataclasses.Field, value: typing.Any, name: str, where: str) -> None:
    low, high = field.metadata.get("low"), field.metadata.get("high")
    if value is None:
        return
    if (low is not None and value < low) or (high is not None and value > high):
        span = f"at least {low}" if high is None else f"at most {high}" if low is None else f"from {low} to {high}"
        raise BadValue(f"{name}: {where} = {value!r} is out of range; allowed is {span}.")
    allowed = field.metadata.get("allowed")
    if allowed is not None and value not in allowed:
        raise BadValue(f'{name}: {where} = "{value}" is not allowed; it may be {", ".join(allowed)}.')


def _convert(hint: typing.Any, value: typing.Any, name: str, where: str) -> typing.Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not type(None)]
        return _convert(inner[0], value, name, where)
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return build(hint, value, name=name, table=where)
    if origin is tuple and isinstance(value, list):
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_convert(arguments[0], item, name, f"{where}[{i}]") for i, item in enumerate(value))
        if len(arguments) == len(value):
            pairs = zip(arguments, value)
            return tuple(_convert(part, item, name, f"{where}[{i}]") for i, (part, item) in enumerate(pairs))
    if origin is dict and isinstance(value, dict):
        return {key: _convert(arguments[1], item, name, f"{where}.{key}") for key, item in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint in (bool, int, float, str) and type(value) is hint:
        return value
    raise BadValue(f"{name}: {where} = {value!r} has the wrong type; expected is {_words(hint)}.")


def _words(hint: typing.Any) -> str:
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}
    if dataclasses.is_dataclass(hint):
        return "a table"
    origin = typing.get_origin(hint)
    if origin is tuple:
        arguments = [argument for argument in typing.get_args(hint) if argument is not Ellipsis]
        count = "" if Ellipsis in typing.get_args(hint) else f"{len(arguments)} times "
        return f"a list of {count}{_words(arguments[0])}"
    return "a table" if origin is dict else names.get(hint, str(hint))


def dumps(value: typing.Any) -> str:
    """TOML text of a dataclass; `loads` with the same class gives an equal one. None is left out."""
    lines: list[str] = []
    _dump_table(_plain(value), "", lines)
    return "\n".join(lines).strip("\n") + "\n"


def _plain(value: typing.Any) -> typing.Any:
    if dataclasses.is_dataclass(value):
        pairs = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value) if field.init)
        return {key: _plain(item) for key, item in pairs if item is not None}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def _is_tables(value: typing.Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _dump_table(table: dict[str, typing.Any], path: str, lines: list[str]) -> None:
    for key, value in table.items():
        if not isinstance(value, dict) and not _is_tables(value):
            lines.append(f"{_key(key)} = {_scalar(value)}")
    for key, value in table.items():
        place = f"{path}.{_key(key)}" if path else _key(key)
        if isinstance(value, dict):
            lines += ["", f"[{place}]"]
            _dump_table(value, place, lines)
        elif _is_tables(value):
            for item in value:
                lines += ["", f"[[{place}]]"]
                _dump_table(item, place, lines)


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else _scalar(key)


def _scalar(value: typing.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{escaped}"'
    if isinstance(value, list):
        return "[" + ", ".join(_scalar(item) for item in value) + "]"
    if isinstance(value, (int, float)):
        return repr(value)
    raise BadValue(f"{value!r} cannot be written as TOML.")
