"""Text encodings: only UTF-8 is read unasked. Errors name another encoding if it can be guessed."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, cast

from mottomo.errors import InvalidInput, SourceError
from mottomo.messages import Message, say, verbatim

BYTE_ORDER_MARK = codecs.BOM_UTF8
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Tried in this order on text that is not UTF-8; EUC-JP first, because cp932 accepts most of its bytes as well.
_CANDIDATES = ("euc_jp", "cp932", "gb18030", "cp1252")
_PUBLIC_NAMES = {"cp932": "shift_jis", "euc_jp": "euc-jp"}
_CHUNK = 1 << 20


def refuse_other_marks(head: bytes, where: Message) -> None:
    """Refuse bytes that begin with a byte-order mark of UTF-16 or UTF-32, or look like UTF-16 without one."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            raise _other_encoding(name, where, say("a byte-order mark of {name}", name=name))
    start = head[:512]
    if len(start) >= 4 and start[1::2].count(0) > 0.4 * len(start) and start[::2].count(0) == 0:
        raise _other_encoding("utf-16-le", where, say("a zero byte after each character"))
    if len(start) >= 4 and start[::2].count(0) > 0.4 * len(start) and start[1::2].count(0) == 0:
        raise _other_encoding("utf-16-be", where, say("a zero byte before each character"))


def not_utf8(sample: bytes, where: Message) -> SourceError:
    """The error for bytes that are not UTF-8; it names the encoding that they look like."""
    guess = guessed_encoding(sample)
    shown = sample[:40].decode("ascii", "backslashreplace")
    if guess is None:
        return SourceError(
            "not-utf-8",
            say("the text is not UTF-8"),
            where,
            say("UTF-8"),
            verbatim(shown),
            say("name its encoding with --encoding NAME"),
        )
    return _other_encoding(guess, where, verbatim(shown))


def _other_encoding(name: str, where: Message, got: Message) -> SourceError:
    return SourceError(
        "not-utf-8",
        say("the text is not UTF-8; it looks like {encoding}", encoding=name),
        where,
        say("UTF-8"),
        got,
        say("if that is right, add --encoding {encoding}", encoding=name),
    )


def guessed_encoding(sample: bytes) -> str | None:
    """The first likely encoding that decodes `sample` without error, or None."""
    for candidate in _CANDIDATES:
        try:
            text = sample.decode(candidate)
        except UnicodeDecodeError:
            continue
        if candidate in ("euc_jp", "cp932") and not any("\u3040" <= letter <= "\u9fff" for letter in text):
            continue  # Latin letters with accents decode as half-width katakana
        return _PUBLIC_NAMES.get(candidate, candidate)
    return None


def decoded(stream: BinaryIO, encoding: str, where: Message) -> BinaryIO:
    """A stream of bytes of the same text in UTF-8; reading it raises SourceError if the encoding is wrong."""
    check_encoding(encoding)
    return cast(BinaryIO, io.BufferedReader(_Transcoder(stream, encoding, where), _CHUNK))


def check_encoding(encoding: str) -> None:
    """Refuse an encoding that Python does not know."""
    try:
        if codecs.lookup(encoding)._is_text_encoding:
            return
    except (LookupError, ValueError):  # ValueError: the name holds a null character or is not UTF-8
        pass
    raise InvalidInput(
        "unknown-encoding",
        say("there is no such text encoding"),
        verbatim("--encoding"),
        say("a name such as utf-8, shift_jis, euc-jp, utf-16, cp1252"),
        verbatim(encoding),
    )


class _Transcoder(io.RawIOBase):
    """Reads bytes in one encoding and gives them in UTF-8, with constant memory."""

    def __init__(self, stream: BinaryIO, encoding: str, where: Message) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(
            "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
        )()
        self._encoding = encoding
        self._where = where
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        while not self._ready and not self._ended:
            chunk = self._stream.read(_CHUNK)
            self._ended = not chunk
            try:
                self._ready = self._decoder.decode(chunk, self._ended).encode("utf-8")
            except UnicodeError as error:
                raise SourceError(
                    "wrong-encoding",
                    say("the text is not in the encoding that was named"),
                    self._where,
                    verbatim(self._encoding),
                    verbatim(str(error)),
                ) from None
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size
