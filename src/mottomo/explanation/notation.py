"""Build each formula once, as LaTeX and as plain text together, so that the two cannot disagree."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

_LONGEST_EXACT = 40  # digits up to which a fraction is shown


@dataclass(frozen=True, slots=True)
class Math:
    """A piece of a formula.

    Attributes
    ----------
    latex : the piece as LaTeX.
    text : the piece as plain text.
    atomic : True if it needs no parentheses as a factor or as the base of a power.
    is_power : True for a power, which needs no parentheses as a factor.
    """

    latex: str
    text: str
    atomic: bool = True
    is_power: bool = False


def symbol(latex: str, text: str | None = None) -> Math:
    """A symbol; its plain text is the same as its LaTeX unless it is given."""
    return Math(latex, latex if text is None else text)


def indexed(name: str, index: int | str) -> Math:
    """A name with an index, such as y_1."""
    return Math(f"{name}_{{{index}}}", f"{name}_{index}")


ELLIPSIS = Math(r"\cdots", "…")


def number(value: int | Fraction | float) -> Math:
    """An integer, a fraction, or a float with all its digits."""
    if isinstance(value, Fraction) and value.denominator != 1:
        return Math(rf"\frac{{{value.numerator}}}{{{value.denominator}}}", str(value), atomic=False)
    if isinstance(value, int | Fraction):
        return Math(str(int(value)), str(int(value)), atomic=value >= 0)
    return decimal(repr(float(value)))


def rounded_number(value: float, digits: int) -> Math:
    """A float rounded to that many significant digits."""
    return decimal(f"{value:.{digits}g}")


def decimal(text: str) -> Math:
    """A number that Python printed, such as ``1.5e-07``, with the exponent as a power of ten."""
    text = text.removesuffix(".0")
    match = re.fullmatch(r"(-?[\d.]+)e([+-]?\d+)", text)
    if match is None:
        return Math(text, text, atomic=not text.startswith("-"))
    exponent = int(match[2])
    return Math(rf"{match[1]} \times 10^{{{exponent}}}", f"{match[1]} × 10^{exponent}", atomic=False)


def shows_exactly(value: Fraction) -> bool:
    """True if the fraction is short enough to be shown exactly."""
    return len(str(value.numerator)) + len(str(value.denominator)) <= _LONGEST_EXACT


def parenthesised(piece: Math) -> Math:
    """The piece in parentheses unless it is atomic."""
    return piece if piece.atomic else Math(rf"\left({piece.latex}\right)", f"({piece.text})")


def fraction(above: Math, below: Math) -> Math:
    r"""A quotient: \frac in LaTeX, a/b in text."""
    return Math(
        rf"\frac{{{above.latex}}}{{{below.latex}}}",
        f"{parenthesised(above).text}/{parenthesised(below).text}",
        atomic=False,
    )


def power(base: Math, exponent: Math) -> Math:
    """A power; parentheses are added to the base and the exponent where they are needed."""
    inner = parenthesised(base)
    raised = exponent.text if exponent.atomic else f"({exponent.text})"
    return Math(f"{inner.latex}^{{{exponent.latex}}}", f"{inner.text}^{raised}", atomic=False, is_power=True)


def product(factors: Iterable[Math], sign: str = "·") -> Math:
    """A product written with `sign`, ``·`` or ``×``; of a single factor the factor itself."""
    factors = list(factors)
    if len(factors) == 1:
        return factors[0]
    latex = r" \times " if sign == "×" else r" \cdot "
    inner = [_factor(factor, last=index == len(factors) - 1) for index, factor in enumerate(factors)]
    return Math(latex.join(f.latex for f in inner), f" {sign} ".join(f.text for f in inner), atomic=False)


def _factor(piece: Math, last: bool) -> Math:
    """A factor of a product: powers, and a logarithm in the `last` place, get no parentheses."""
    bare = piece.is_power or (last and piece.text.startswith("log"))
    return piece if bare else parenthesised(piece)


def total(terms: Sequence[Math]) -> Math:
    """A sum; terms after the first that begin with a minus get parentheses."""
    if len(terms) == 1:
        return terms[0]
    inner = [parenthesised(term) if term.text.startswith("-") and index else term for index, term in enumerate(terms)]
    return Math(" + ".join(t.latex for t in inner), " + ".join(t.text for t in inner), atomic=False)


def minus(left: Math, right: Math) -> Math:
    """A difference; the right side gets parentheses if it is a sum, a difference or negative."""
    inner = parenthesised(right) if right.text.startswith("-") or " + " in right.text or " - " in right.text else right
    return Math(f"{left.latex} - {inner.latex}", f"{left.text} - {inner.text}", atomic=False)


def negative(piece: Math) -> Math:
    """The piece with a minus before it; parentheses are left to the caller."""
    return Math(f"-{piece.latex}", f"-{piece.text}", atomic=False)


def log(argument: Math) -> Math:
    """The natural logarithm; its argument gets parentheses unless it is atomic."""
    inner = parenthesised(argument)
    text = f"log {inner.text}" if not inner.text.startswith("(") else f"log{inner.text}"
    return Math(rf"\log {inner.latex}", text, atomic=False)


def over_categories(kind: str, n_categories: int, body: Math) -> Math:
    r"""\sum or \prod over k = 1 .. K of a body that depends on k."""
    latex = {"sum": r"\sum", "prod": r"\prod"}[kind]
    sign = {"sum": "Σ", "prod": "Π"}[kind]
    return Math(
        rf"{latex}_{{k=1}}^{{{n_categories}}} {body.latex}", f"{sign}(k=1..{n_categories}) {body.text}", atomic=False
    )


def elided(piece: Callable[[int], Math], positions: Sequence[int], most: int) -> list[Math]:
    """A piece for each position; if there are more than `most`, the first three, an ellipsis and the last."""
    if len(positions) <= most:
        return [piece(position) for position in positions]
    return [*(piece(position) for position in positions[:3]), ELLIPSIS, piece(positions[-1])]


@dataclass(frozen=True, slots=True)
class Line:
    """A displayed line: sides joined by relations.

    Attributes
    ----------
    latex : the line as LaTeX.
    text : the line as plain text.
    number : the number of the equation in the article; None if it has none.
    """

    latex: str
    text: str
    number: str | None = None


_RELATIONS = {
    "=": ("=", "="),
    "≈": (r"\approx", "≈"),
    "<": ("<", "<"),
    ">": (">", ">"),
    "≥": (r"\ge", "≥"),
    "≤": (r"\le", "≤"),
}


def line(first: Math, *rest: tuple[str, Math], number: str | None = None) -> Line:
    """A chain such as ``a = b ≈ c``, from the first side and (relation, side) pairs; ``≈`` precedes a rounded side."""
    latex, text = first.latex, first.text
    for relation, side in rest:
        latex += f" {_RELATIONS[relation][0]} {side.latex}"
        text += f" {_RELATIONS[relation][1]} {side.text}"
    return Line(latex, text, number)


def power_of_ten(log10: float) -> Math:
    """10 to a rounded exponent, for numbers outside the range of floats."""
    return power(number(10), rounded_number(log10, 10))


def likelihood_value(exact: Fraction | None, log_likelihood: float) -> list[tuple[str, Math]]:
    """The value of a likelihood as sides of a ``line``: exact if short, then rounded unless it is 0 or whole."""
    sides: list[tuple[str, Math]] = []
    if exact is not None and shows_exactly(exact):
        sides.append(("=", number(exact)))
        if exact.denominator == 1 or exact == 0:
            return sides
    if log_likelihood > math.log(1e-300):
        value = float(exact) if exact is not None else math.exp(log_likelihood)
        return [*sides, ("≈", rounded_number(value, 6))]
    return [*sides, ("≈", power_of_ten(log_likelihood / math.log(10)))]
