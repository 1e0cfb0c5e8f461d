"""Which endpoints a local OpenAPI 3.0, 3.1 or Swagger 2.0 document promises, and how each can be asked."""

from __future__ import annotations

import json
import math
import re
import stat
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from cleaning import clean, slug

LARGEST = 4 << 20  # bytes; a longer one would hold up every other probe while it is parsed
MOST = 200  # endpoints of one monitor
DEEP = 16  # $refs in a row; more is a circle, or might as well be
LONGEST = 300  # characters of a path
ADDRESS = 4000  # characters of a path with its query
VALUE = 200  # characters of a value that is put in
EACH = 100  # parameters of one operation, media types of one answer
SAFE = ("get", "head")
OTHER = ("put", "post", "delete", "options", "patch", "trace")
KNOWN = (*SAFE, *OTHER, "parameters", "servers")
NEEDED = re.compile(r"\{([^{}/]*)\}")
PLAIN = re.compile(r"(?!.*/\.{1,2}(?:/|$))/[^\s?#\\]*")  # no query, and no step out of the base address
LOST = "a parameter whose $ref cannot be followed here"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation that can be asked without harm. ``target`` is empty when it cannot be; ``lacking`` says why.

    ``types`` are the media types that the document promises, by status (200, 2XX).
    """

    path: str  # as it is documented, without values
    name: str  # of its part: history hangs on it
    target: str = ""  # path and query to ask
    method: str = "GET"
    lacking: str = ""
    filled: bool = False  # whether values of the document stand in the path
    types: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be asked. ``base`` is the path under which the document says that all of it lies."""

    endpoints: tuple[Endpoint, ...]
    base: str = ""
    others: int = 0  # operations that might change something: counted, never sent
    skipped: int = 0


def listed(paths: tuple[str, ...], skip: tuple[str, ...] = ()) -> Plan:
    """The plan of a list of paths."""
    names = _Names()
    wanted = [path for path in paths if not _left_out(path, skip)]
    found = tuple(Endpoint(path, names.of("get", path), path) for path in wanted)
    return Plan(found, skipped=len(paths) - len(wanted))


def documented(path: Path, skip: tuple[str, ...] = ()) -> Plan:
    """The plan of a document; read again only when its file has changed. Raises OSError, and ValueError in words."""
    seen = path.stat()
    if not stat.S_ISREG(seen.st_mode):
        raise ValueError("expected a file, got something else")  # a pipe would be waited for
    return _kept(path, skip, (seen.st_mtime_ns, seen.st_size, seen.st_ino))


@lru_cache(maxsize=64)
def _kept(path: Path, skip: tuple[str, ...], _stamp: tuple[int, int, int]) -> Plan:
    with path.open("rb") as file:
        body = file.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise ValueError(f"the document is longer than {LARGEST >> 20} MiB")
    return plan(_parsed(body), skip)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("the document is nested too deeply") from None
    except ValueError:
        raise ValueError("the document is not JSON; one in YAML must be converted first") from None


def plan(document: Any, skip: tuple[str, ...] = ()) -> Plan:
    """What a parsed document promises. Raises ValueError in words."""
    paths = _paths(document)
    names, found, others, skipped = _Names(), list[Endpoint](), 0, 0
    for path, item in paths:
        for endpoint in _operations(document, path, item, names):
            if endpoint is None:
                others += 1
            elif _left_out(path, skip):
                skipped += 1
            else:
                found.append(endpoint)
        if len(found) > MOST:
            words = f"the document promises more than {MOST} endpoints"
            raise ValueError(f"{words}: leave some to another monitor with `skip`")  # a part of all would say all
    return Plan(tuple(found), _base(document), others, skipped)


def askable(path: str) -> bool:
    """Whether it is a path and nothing more, of a length that servers take."""
    return len(path) <= LONGEST and path.isprintable() and PLAIN.fullmatch(path) is not None


def _left_out(path: str, skip: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern.replace("[", "[[]")) for pattern in skip)


def _paths(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(document, dict):
        raise ValueError("the document is no object")
    version = str(document.get("openapi") or document.get("swagger") or "nothing")
    if not re.fullmatch(r"3\.[01](\.\d{1,3})?(-\w+)?" if "openapi" in document else r"2\.0", version):
        raise ValueError(f"expected OpenAPI 3.0 or 3.1, or Swagger 2.0, got {clean(version, 20)!r}")
    paths = document.get("paths")
    if not isinstance(paths, dict):
        raise ValueError("the document has no object `paths`")
    return _items(paths)


def _items(paths: Mapping[Any, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in paths.items():
        if not isinstance(path, str) or not path.startswith(("/", "x-")):
            raise ValueError(f"paths: expected a path such as /medicines, got {clean(str(path), 40)!r}")
        if path.startswith("x-"):
            continue  # anybody's own extension
        if not isinstance(item, dict):
            raise ValueError(f"paths: {clean(path, 80)}: expected an object")
        yield path, item


def _operations(document: dict[str, Any], path: str, item: dict[str, Any], names: _Names) -> Iterator[Endpoint | None]:
    """The operations of one path; None for each that might change something."""
    found = _resolved(document, item)
    if not isinstance(found, dict):
        yield Endpoint(path, names.of("get", path), lacking="its $ref cannot be followed here")
        return
    whole = {name: each[name] for each in (found, item) for name in KNOWN if name in each}
    for method in (*SAFE, *OTHER):
        if method not in whole:
            continue
        if not isinstance(whole[method], dict):
            raise ValueError(f"paths: {clean(path, 80)}: {method}: expected an object")
        yield None if method in OTHER else _endpoint(document, path, method, whole, names)


def _endpoint(document: dict[str, Any], path: str, method: str, item: dict[str, Any], names: _Names) -> Endpoint:
    operation, name = item[method], names.of(method, path)
    if not askable(path):
        return Endpoint(path, name, lacking="such a path cannot be asked")
    if "servers" in operation or "servers" in item:
        return Endpoint(path, name, lacking="it lies on a server of its own")
    parameters = _parameters(document, path, item.get("parameters"), operation.get("parameters"))
    target, missing = _target(document, path, parameters)
    if missing or len(target) > ADDRESS:
        lacking = f"needs {', '.join(missing[:3])}" if missing else "its address is too long"
        return Endpoint(path, name, method=method.upper(), lacking=lacking)
    types = tuple(_types(document, operation))
    return Endpoint(path, name, target, method.upper(), filled="{" in path, types=types)


def _parameters(document: dict[str, Any], path: str, *lists: Any) -> dict[tuple[str, str], dict[str, Any] | None]:
    """By place and name; those of the operation win over those of the path. None: cannot be read."""
    found: dict[tuple[str, str], dict[str, Any] | None] = {}
    for each in lists:
        if not isinstance(each or [], list) or len(each or []) > EACH:
            raise ValueError(f"paths: {clean(path, 80)}: parameters: expected a list of at most {EACH}")
        for raw in each or []:
            parameter = _resolved(document, raw)
            if isinstance(parameter, dict):
                found[str(parameter.get("in")), str(parameter.get("name"))] = parameter
            else:
                found["", ""] = None
    return found


def _target(
    document: dict[str, Any], path: str, parameters: Mapping[tuple[str, str], dict[str, Any] | None]
) -> tuple[str, list[str]]:
    """Path and query with values put in, and the names of those that there are none for."""
    query = [name for (place, name), each in parameters.items() if each and place == "query" and _required(each)]
    wanted = [*(("path", name) for name in NEEDED.findall(path)), *(("query", name) for name in query)]
    values = {each: _value(document, parameters.get(each)) for each in wanted}
    missing = [f"{{{clean(name, 40)}}}" for (_, name), value in values.items() if value is None]
    missing += [LOST] if None in parameters.values() else []
    missing += ["a parameter whose name can be sent" for name in query if not _said(name)]
    if missing:
        return "", missing
    asked = NEEDED.sub(lambda found: quote(str(values["path", found[1]]), safe=""), path)
    said = "&".join(f"{quote(name, safe='')}={quote(str(values['query', name]), safe='')}" for name in query)
    return asked + (f"?{said}" if said else ""), []


def _required(parameter: dict[str, Any]) -> bool:
    return parameter.get("required") is True


def _value(document: dict[str, Any], parameter: dict[str, Any] | None) -> str | None:
    """A value that the document itself gives: an example, else the default, else the first that is allowed."""
    if parameter is None:
        return None
    schema = _resolved(document, parameter.get("schema"))
    sources = [parameter, schema] if isinstance(schema, dict) else [parameter]
    for kind in ("example", "x-example", "examples", "default", "enum", "const"):
        for source in sources:
            said = _said(_first(document, source.get(kind)))
            if said is not None:
                return said
    return None


def _first(document: dict[str, Any], value: Any) -> Any:
    """The value, or the first of several: of a list, or of Example objects by name."""
    if isinstance(value, dict):
        example = _resolved(document, next(iter(value.values()), None))
        return example.get("value") if isinstance(example, dict) else None
    return next(iter(value), None) if isinstance(value, list) else value


def _said(value: Any) -> str | None:
    """A single value as it is written into an address; None for anything that cannot be."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1e18:
        return str(value)
    if isinstance(value, str) and value.isprintable() and 0 < len(value) <= VALUE and value not in (".", ".."):
        return value  # two dots would ask another endpoint
    return None


def _types(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if "swagger" in document:
        made = operation.get("produces", document.get("produces"))
        if isinstance(made, list):
            yield "2XX", _media(made)
        return
    answers = operation.get("responses")
    if not isinstance(answers, dict):
        return
    for status in ("2XX", *map(str, range(200, 300))):  # looked up one by one: there may be very many others
        answer = _resolved(document, answers.get(status))
        if isinstance(answer, dict) and isinstance(answer.get("content"), dict):
            yield status, _media(answer["content"])


def _media(types: Any) -> tuple[str, ...]:
    return tuple(media(each) for each in islice(types, EACH) if isinstance(each, str))


def media(said: str) -> str:
    """A media type without its parameters."""
    return said[:200].partition(";")[0].strip().lower()


def _base(document: dict[str, Any]) -> str:
    """The path that the document puts before all others; its host is never asked."""
    if "swagger" in document:
        said = document.get("basePath")
    else:
        servers = document.get("servers")
        first = servers[0] if isinstance(servers, list) and servers else None
        said = _server(first) if isinstance(first, dict) else ""
    path = said.rstrip("/") if isinstance(said, str) else ""
    return path if askable(path) and "{" not in path else ""


def _server(server: dict[str, Any]) -> str:
    url, variables = server.get("url"), server.get("variables")
    if not isinstance(url, str) or len(url) > LONGEST:
        return ""
    known = variables if isinstance(variables, dict) else {}

    def default(found: re.Match[str]) -> str:
        variable = known.get(found[1])
        return str(variable.get("default"))[:LONGEST] if isinstance(variable, dict) else found[0]

    try:
        return urlsplit(NEEDED.sub(default, url)).path
    except ValueError:
        return ""


def _resolved(document: dict[str, Any], node: Any) -> Any:
    """What a chain of $refs inside the document leads to; None when it leads out of it, nowhere or in a circle."""
    for _ in range(DEEP):
        if not isinstance(node, dict) or "$ref" not in node:
            return node
        node = _pointed(document, node["$ref"])
    return None


def _pointed(document: dict[str, Any], ref: Any) -> Any:
    if not isinstance(ref, str) or not ref.startswith("#/") or len(ref) > 1000:
        return None
    node: Any = document
    for raw in ref[2:].split("/"):
        name = unquote(raw).replace("~1", "/").replace("~0", "~")
        if isinstance(node, list) and name.isascii() and name.isdecimal() and int(name[:9]) < len(node):
            node = node[int(name[:9])]
        else:
            node = node.get(name) if isinstance(node, dict) else None
    return node


class _Names:
    """Names for parts: the path itself, with a sum of it where that is too long or another one is called so already."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of(self, method: str, path: str) -> str:
        """The name of one operation. History hangs on it, so it does not count: a new neighbour renames nothing."""
        whole = path if method == "get" else f"{path}.{method}"
        plain = slug(NEEDED.sub(r"-\1", whole).replace("/", "."))
        if not plain or len(whole) > 64 or plain in self._given:
            plain = f"{plain[:55].strip('-.') or 'root'}-{zlib.crc32(whole.encode('utf-8', 'replace')):08x}"
        self._given.add(plain)
        return plain
