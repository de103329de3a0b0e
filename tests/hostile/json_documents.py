"""Documents of JSON lines, most of them nearly right, and a strict reader of them that shares no code with ours."""

from __future__ import annotations

import json
import random
from collections import Counter

USUAL = ['"a"', '"b"', '"c"']
VALUES = [
    '""',
    '"1"',
    "1",
    "2",
    "-1",
    "0",
    "-0",
    "10",
    "true",
    "false",
    "null",
    '"\\u0061"',
    '"\\""',
    '"\\\\"',
    '"{"',
    '"NaN"',
    "NaN",
    "Infinity",
    "-Infinity",
    "nan",
    "1.0",
    "1.5",
    "1e2",
    "1E400",
    "01",
    "+1",
    ".5",
    "1.",
    "-",
    "tru",
    "TRUE",
    "None",
    "[1]",
    "[]",
    "{}",
    '{"a":1}',
    '{"a":1,"a":2}',
    "[1,]",
    '{"a":1,}',
    "12345678901234567890123",
    '"\\ud800"',
    '"\\x"',
    '"x',
    "'a'",
    '"\\ud83d\\ude00"',
    '"\\u0000"',
    "/**/1",
    '"é"',
    '"1.0"',
    '"犬"',
    '[[{"b":[null]}]]',
]
KEYS = ['"Face"', '"f\\u0061ce"', '""', '"a/b"', '"a~b"', '"0"', "face", "'face'", '"fa"ce"', '"~1"', '"*"', '"$.x"']
BLANKS = [" ", "\t", "  ", "\r", "\x0b", "\x0c", "\x00", "\u00a0", "\n"]
LINES = ["5", "[1]", "null", '"a"', "", "{", "}", "{}", "{}{}", "\ufeff{}", "true", '{"face":"a"}{"face":"b"}', "# no"]
COLUMNS = ["face", "face", "face", "Face", "n", "a/b", "", "0"]


def document(random_: random.Random) -> bytes:
    """The bytes of some lines; one in a few is not what it should be."""
    wild = random_.random() < 0.5
    end = random_.choice(["\n", "\n", "\n", "\r\n", "\r", "\n\r"] if wild else ["\n", "\r\n"])
    n = random_.choice([0, 1, 1, 2, 3, 5, 8, 12])
    text = end.join(_line(random_, wild) for _ in range(n)) + random_.choice(["", end])
    data = random_.choice(["", "", "", "", "\ufeff"]).encode() + text.encode("utf-8", "surrogatepass")
    if random_.random() < 0.03 and data:
        at = random_.randrange(len(data))
        data = data[:at] + bytes([random_.randrange(256)]) + data[at + 1 :]
    return data


def _line(random_: random.Random, wild: bool) -> str:
    keys = random_.sample(['"face"', '"n"', '"x"'], random_.choice([1, 2, 2, 3]))
    odd = 0.04 if wild else 0.0
    pairs = []
    for key in keys:
        name = random_.choice([*KEYS, '"face"']) if random_.random() < odd else key
        value = random_.choice(VALUES) if random_.random() < odd + 0.005 else random_.choice(USUAL)
        pairs.append(f"{_blank(random_, odd)}{name}{_blank(random_, odd)}:{_blank(random_, odd)}{value}")
    line = "{" + ",".join(pairs) + ("," if random_.random() < odd / 3 else "") + "}" + _blank(random_, odd)
    if random_.random() < odd / 2:
        return random_.choice([*LINES, line + line, line + ",", line[:-1], line[1:]])
    return line


def _blank(random_: random.Random, odd: float) -> str:
    return random_.choice(BLANKS) if random_.random() < odd / 4 else ""


class Refused(Exception):
    """The strict reader does not take the document, or the column is no outcomes."""


def strict_counts(data: bytes, column: str) -> tuple[Counter[str], int]:
    """How often each value of a key comes, and how often it is missing; by Python's json, a line at a time."""
    values, keys = [], set()
    for raw in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        pairs = _pairs(raw)
        if pairs is not None:
            keys |= {key for key, _ in pairs}
            values.append(dict(pairs).get(column))
    kinds = {type(value) for value in values if value is not None}
    if column not in keys or len(kinds) > 1 or kinds - {str, int, bool}:
        raise Refused
    counts = Counter(_name(value) for value in values if value is not None)
    return counts, sum(value is None for value in values)


def _pairs(raw: bytes) -> list[tuple[str, object]] | None:
    try:
        text = raw.decode("utf-8").strip(" \t\r")
        if not text:
            return None
        found = json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs), parse_constant=_refuse)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate is no text
    except (ValueError, RecursionError):
        raise Refused from None
    if not isinstance(found, tuple) or len({key for key, _ in found[1]}) < len(found[1]):
        raise Refused
    return found[1]


def _refuse(word: str) -> None:
    raise Refused(word)


def _name(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
