"""Fonts for pictures of pixels: vl-convert draws letters with the fonts of the machine, and boxes where it has none."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

from mottomo.errors import MissingExtra
from mottomo.messages import say, verbatim

# Beginnings of the names of font files with Japanese letters, without spaces and hyphens.
_JAPANESE = re.compile(
    r"(noto(sans|serif)(mono)?(cjk|jp)|sourcehan|ipa(ex)?[gm]|takao|vlgothic|haranoaji|hiragino|ヒラギノ|meiryo"
    r"|yugoth|msgothic|yumin|droidsansfallback|wqy|unifont|migu|mplus|bizud)",
    re.IGNORECASE,
)
_PLACES = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/texlive/texmf-dist/fonts/opentype",
    "/usr/share/texmf/fonts/opentype",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    r"C:\Windows\Fonts",
)
_LETTERS = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]|\\u(30|[4-9])[0-9a-f]{2,3}")
FAMILIES = (
    "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', 'Hiragino Sans', 'Noto Sans CJK JP', 'Noto Sans JP', "
    "'Harano Aji Gothic', HaranoAjiGothic, 'IPAexGothic', 'IPAGothic', 'TakaoGothic', 'VL Gothic', 'Yu Gothic', "
    "Meiryo, sans-serif"
)


def need_letters(text: str) -> None:
    """Raise MissingExtra if a picture has Japanese letters and no font of this machine has them."""
    if not _LETTERS.search(text):
        return
    folder = font_folder()
    if folder is None:
        raise MissingExtra(
            "no-font",
            say("no font of this machine has Japanese letters, so the picture would show boxes"),
            None,
            verbatim("Noto Sans CJK JP"),
            None,
            say("install such a font (fonts-noto-cjk, fonts-ipaexfont), or save .svg or .html, or use --lang en"),
        )
    import vl_convert

    vl_convert.register_font_directory(str(folder))


@cache
def font_folder() -> Path | None:
    """The folder of a font with Japanese letters."""
    for place in map(os.path.expanduser, _PLACES):
        for folder, _, files in os.walk(place):
            if any(_JAPANESE.match(re.sub(r"[\s_-]", "", name)) for name in files):
                return Path(folder)
    return None
