"""Brings the translation catalogues up to date with the sentences in the source; what is new waits for its words."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "mottomo"
KEYWORDS = {"say": (1,), "say_count": (1, 2)}
_CLICK = "worded by click"


def sentences() -> Catalog:
    """The sentences of the source, in its order."""
    found = Catalog()
    for _, _, message, _, _ in extract_from_dir(SOURCE, [("**.py", "python")], keywords=KEYWORDS):
        if message:
            found.add(message)
    return found


def fitting(words: str | tuple[str, ...], sentence: str | tuple[str, str]) -> str | tuple[str, ...]:
    """The words of a sentence that counts something now and did not before, or the other way round."""
    if isinstance(words, str) == isinstance(sentence, str):
        return words
    return (words,) if isinstance(words, str) else words[0]


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as stream:
        return read_po(stream, locale=path.parent.parent.name)


def updated(catalogue: Catalog) -> Catalog:
    """The same catalogue with the sentences of the source; those of click stay at the end."""
    fresh = Catalog(locale=catalogue.locale, header_comment=catalogue.header_comment, fuzzy=False)
    fresh.project, fresh.version = "mottomo", ""
    fresh.creation_date, fresh.revision_date = catalogue.creation_date, catalogue.revision_date
    for message in sentences():
        if message.id:
            old = catalogue.get(message.id if isinstance(message.id, str) else message.id[0])
            fresh.add(message.id, fitting(old.string, message.id) if old else None)
    for message in catalogue:
        if _CLICK in message.auto_comments:
            fresh.add(message.id, message.string, auto_comments=[_CLICK])
    return fresh


def main() -> None:
    for path in sorted(SOURCE.glob("locale/*/LC_MESSAGES/mottomo.po")):
        fresh = updated(read_catalogue(path))
        with path.open("wb") as stream:
            write_po(stream, fresh, width=0, no_location=True)
        waiting = [message.id for message in fresh if message.id and not message.string]
        print(f"{path.relative_to(ROOT)}: {len(fresh)} sentences, {len(waiting)} without words")
        for message in waiting:
            print(f"  {message!r}")


if __name__ == "__main__":
    main()
