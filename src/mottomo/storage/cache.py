"""Where things are kept that can be computed again: the user's cache, or the folder that MOTTOMO_CACHE names."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(name: str) -> Path | None:
    """A folder in the cache, made where it is not there; None where it cannot be made: then nothing is kept."""
    place = os.environ.get("MOTTOMO_CACHE")
    if not place:
        from platformdirs import user_cache_dir

        place = user_cache_dir("mottomo", appauthor=False)
    folder = Path(place) / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None
