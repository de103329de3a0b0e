"""Reads the LaTeX that an explanation prints and computes it: an oracle that shares no code with the explanation.

It knows numbers, fractions, powers, products, sums over k and i, logarithms, and the symbols of the derivation, whose
values come from the counts alone. A side with an ellipsis has no value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import mpmath

TOKEN = re.compile(
    r"\\(?:cdots|frac|left|right|cdot|times|log|sum|prod|hat|partial|lambda|mathrm|approx|ge|le)|\d+(?:\.\d+)?|[A-Za-z]|[-+^_{}()=<>]"
)
RELATIONS = {"=", "<", ">", r"\approx", r"\ge", r"\le"}
SLOPE = re.compile(r"\\frac\{\\partial \\log L\}\{\\partial y_\{k\}\}")  # (t_k log y_k)' = t_k / y_k
CURVATURE = re.compile(r"\\frac\{\\partial\^2 \\log L\}\{\\partial y_\{(\d+)\}\^2\}")


@dataclass(frozen=True)
class Symbols:
    """What the letters mean for these counts: y is t/n."""

    counts: list[int]

    @property
    def n(self) -> int:
        return sum(self.counts)

    def y(self, k: int) -> mpmath.mpf:
        return mpmath.mpf(self.counts[k - 1]) / self.n if self.n else mpmath.mpf(1) / len(self.counts)

    def first_seen(self) -> int:
        """The event that a free index k means: one that came, because t_k / y_k speaks of those."""
        return next((k for k, t in enumerate(self.counts, 1) if t), 1)

    def log_likelihood(self) -> mpmath.mpf:
        return mpmath.fsum(t * mpmath.log(self.y(k)) for k, t in enumerate(self.counts, 1) if t)

    def log_fair(self) -> mpmath.mpf:
        return -self.n * mpmath.log(len(self.counts))

    def one_hot(self, i: int, k: int) -> int:
        """t_ik with the throws sorted by event."""
        start = sum(self.counts[: k - 1])
        return int(start < i <= start + self.counts[k - 1])


class Unknown(Exception):
    """A side that is not written out."""


def chain(latex: str, symbols: Symbols) -> list[tuple[str, Any, str]]:
    """The sides of a line as (relation before it, value or None, LaTeX)."""
    latex = SLOPE.sub(r"\\frac{t_{k}}{y_{k}}", latex)
    latex = CURVATURE.sub(lambda match: f"D_{{{match[1]}}}", latex)
    parts = re.split(r" (=|\\approx|<|>|\\ge|\\le) (?![^{]*\})", latex)
    sides = [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
    found = []
    for relation, side in sides:
        try:
            found.append((relation, Parser(side, symbols).value(), side))
        except Unknown:
            found.append((relation, None, side))
    return found


class Parser:
    """Recursive descent: expression, term, factor, power, atom. Values are functions of the running indices."""

    def __init__(self, latex: str, symbols: Symbols) -> None:
        self.tokens = TOKEN.findall(latex)
        rest = TOKEN.sub("", latex).strip()
        assert not rest, f"not understood: {rest!r} in {latex!r}"
        self.at = 0
        self.symbols = symbols

    def value(self) -> Any:
        expression = self.expression()
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return expression({})

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        assert expected is None or token == expected, (token, expected, self.tokens)
        self.at += 1
        return token

    def group(self) -> list[str]:
        self.take("{")
        depth, inner = 1, []
        while depth:
            token = self.take()
            depth += {"{": 1, "}": -1}.get(token, 0)
            inner.append(token)
        return inner[:-1]

    def expression(self) -> Any:
        terms = [self.term(negative=self.sign())]
        while self.peek() in ("+", "-"):
            terms.append(self.term(negative=self.take() == "-"))
        return lambda index: mpmath.fsum(term(index) for term in terms)

    def sign(self) -> bool:
        if self.peek() == "-":
            self.take()
            return True
        return False

    def term(self, negative: bool) -> Any:
        factors = [self.factor()]
        while self.peek() and self.peek() not in ("+", "-", ")", "}", r"\right"):
            if self.peek() in (r"\cdot", r"\times"):
                self.take()
            factors.append(self.factor())
        return lambda index: -times(factors, index) if negative else times(factors, index)

    def factor(self) -> Any:
        token = self.peek()
        if token in (r"\sum", r"\prod"):
            return self.running(self.take())
        if token == r"\log":
            self.take()
            if self.peek() == "L":  # log L is computed from the counts: L itself may be beyond any float
                self.take()
                return self.at_fair() if self.peek() == "_" else lambda index: self.symbols.log_likelihood()
            inner = self.power()
            return lambda index: log(inner(index))
        return self.power()

    def at_fair(self) -> Any:
        self.take("_")
        if "".join(self.group()).endswith("{max}"):
            return lambda index: self.symbols.log_likelihood()
        return lambda index: self.symbols.log_fair()

    def running(self, sign: str) -> Any:
        self.take("_")
        name, _, first = self.group()
        self.take("^")
        last = self.group()
        body = self.term(negative=False)
        stop = self.symbols.n if last == ["n"] else int("".join(last))
        steps = range(int(first), stop + 1)
        if sign == r"\sum":
            return lambda index: mpmath.fsum(body({**index, name: step}) for step in steps)
        return lambda index: mpmath.fprod(body({**index, name: step}) for step in steps)

    def power(self) -> Any:
        base = self.atom()
        if self.peek() != "^":
            return base
        self.take()
        exponent = self.braces()
        return lambda index: raised(base(index), exponent(index))

    def braces(self) -> Any:
        self.take("{")
        inner = self.expression()
        self.take("}")
        return inner

    def atom(self) -> Any:
        token = self.take()
        if re.fullmatch(r"\d+(?:\.\d+)?", token):
            return lambda index: mpmath.mpf(token) if "." in token else mpmath.mpf(int(token))
        if token == r"\frac":
            above, below = self.braces(), self.braces()
            return lambda index: above(index) / below(index)
        if token == r"\left":
            self.take("(")
            inner = self.expression()
            self.take(r"\right")
            self.take(")")
            return inner
        if token == r"\hat":
            self.group()
            token = "y"
        if token == r"\cdots":
            raise Unknown
        return self.symbol(token)

    def symbol(self, name: str) -> Any:
        s = self.symbols
        if name == r"\mathrm":
            assert self.group() == ["K", "L"]
            return lambda index: (s.log_likelihood() - s.log_fair()) / s.n
        if self.peek() != "_":
            known = {
                "n": lambda: s.n,
                "K": lambda: len(s.counts),
                r"\lambda": lambda: s.n,
                "e": lambda: mpmath.e,
                "L": lambda: mpmath.exp(s.log_likelihood()),
            }
            return lambda index: mpmath.mpf(known[name]())
        self.take()
        where = self.group()
        if name == "L":
            return lambda index: mpmath.exp(s.log_fair())
        if name == "t" and where == ["i", "k"]:
            return lambda index: mpmath.mpf(s.one_hot(index["i"], index["k"]))

        def position(index: dict[str, int]) -> int:
            return index.get("k", s.first_seen()) if where == ["k"] else int("".join(where))

        if name == "D":
            return lambda index: -s.counts[position(index) - 1] / s.y(position(index)) ** 2
        return lambda index: mpmath.mpf(s.counts[position(index) - 1]) if name == "t" else s.y(position(index))


def times(factors: list[Any], index: dict[str, int]) -> Any:
    """The product, in which a factor 0 wins over an infinite logarithm: 0 log 0 = 0."""
    values = [factor(index) for factor in factors]
    return mpmath.mpf(0) if any(value == 0 for value in values) else mpmath.fprod(values)


def log(value: Any) -> Any:
    return mpmath.log(value) if value > 0 else mpmath.mpf("-inf")


def raised(base: Any, exponent: Any) -> Any:
    return mpmath.mpf(1) if exponent == 0 else base**exponent


def significant_digits(latex: str) -> int:
    """The digits of the decimal that a side is written with."""
    mantissa = re.search(r"\d+(?:\.\d+)?", latex)
    assert mantissa is not None
    return len(mantissa[0].replace(".", "").lstrip("0"))
