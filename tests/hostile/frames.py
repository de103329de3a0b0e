"""Data frames of pandas, polars and pyarrow around columns that are known as lists, and what counting them gives."""

from __future__ import annotations

import datetime
import random
from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

# What a column holds: its values, and whether they are categories.
CATEGORIES = {
    "text": ["a", "b", "犬", "a,b", "", "NaN", "1"],
    "whole": [1, 2, -3, 0, 10**12],
    "truth": [True, False],
}
OTHERS = {
    "float": [1.5, 2.0, -0.0],
    "date": [datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)],
    "moment": [datetime.datetime(2026, 1, 1, 12), datetime.datetime(2026, 1, 2)],
    "span": [datetime.timedelta(seconds=3)],
    "bytes": [b"a", b"b"],
    "list": [[1], [2, 3]],
    "record": [{"x": 1}],
    "decimal": [Decimal("1.5"), Decimal("2.25")],
    "mixed": [1, "a", True, 1.5, (1,), None],
}
NAMES = ["face", "n", "x", "Face", "", "a b", "mottomo_count", "c0", "index"]
PANDAS_NAMES = [*NAMES, 0, 1, ("a", "b"), ("a", ""), pd.Timestamp("2026-01-01"), None, 1.5]


class Made:
    """A frame, the columns as lists, and their kinds."""

    def __init__(self, random_: random.Random) -> None:
        self.library = random_.choice(["pandas", "pandas", "polars", "pyarrow"])
        self.n = random_.choice([0, 1, 2, 5, 8])
        pool = PANDAS_NAMES if self.library == "pandas" else NAMES
        k = random_.choice([1, 2, 3, 4])
        twice = self.library != "polars" and random_.random() < 0.3
        self.names = random_.choices(pool, k=k) if twice else random_.sample(pool, k)
        every = [*CATEGORIES, *CATEGORIES, *CATEGORIES, *CATEGORIES, *OTHERS]
        self.kinds = [random_.choice(every) for _ in self.names]
        missing = random_.choice([0.0, 0.0, 0.3])
        self.columns = [
            [
                None if random_.random() < missing else random_.choice({**CATEGORIES, **OTHERS}[kind])
                for _ in range(self.n)
            ]
            for kind in self.kinds
        ]
        self.native = {"pandas": _pandas, "polars": _polars, "pyarrow": _pyarrow}[self.library](self, random_)

    def place(self, name: Any) -> int | None:
        """The column of a name; None where none or several have it."""
        places = [at for at, other in enumerate(self.names) if type(other) is type(name) and other == name]
        return places[0] if len(places) == 1 else None


def _pandas(made: Made, random_: random.Random) -> pd.DataFrame:
    columns = [_series(values, kind, random_) for values, kind in zip(made.columns, made.kinds, strict=True)]
    frame = pd.concat(columns, axis=1)
    if all(isinstance(name, tuple) for name in made.names) and random_.random() < 0.8:
        frame.columns = pd.MultiIndex.from_tuples(made.names)
    else:
        frame.columns = pd.Index(made.names, dtype=object, tupleize_cols=False)
    if random_.random() < 0.3 and made.n:
        frame.index = pd.Index(random_.choices(["r", "s"], k=made.n))
    return frame


def _series(values: list[Any], kind: str, random_: random.Random) -> pd.Series:
    dtypes: list[Any] = [object]
    if kind == "text":
        dtypes += ["string", "category", pd.ArrowDtype(pa.string()), "string[pyarrow]"]
    elif kind == "whole":
        dtypes += ["Int64", "category", pd.ArrowDtype(pa.int64())] + (["int64", "int64"] if None not in values else [])
    elif kind == "truth":
        dtypes += ["boolean", "category", pd.ArrowDtype(pa.bool_())] + (["bool"] if None not in values else [])
    elif kind == "float":
        dtypes += ["float64", "Float64", "category"]
    elif kind in ("date", "moment"):
        dtypes += ["datetime64[ns]", "category"]
    return pd.Series(values, dtype=random_.choice(dtypes))


def _polars(made: Made, random_: random.Random) -> Any:
    columns = {}
    for name, kind, values in zip(made.names, made.kinds, made.columns, strict=True):
        types = {
            "text": [pl.String, pl.Categorical, pl.Enum([*CATEGORIES["text"]])],
            "whole": [pl.Int64, pl.Decimal(20, 0)],
        }
        dtype = random_.choice(types[kind]) if kind in types else pl.Object if kind == "mixed" else None
        columns[name] = pl.Series(values, dtype=dtype)
    frame = pl.DataFrame(columns)
    return frame.lazy() if random_.random() < 0.3 and "mixed" not in made.kinds else frame


def _pyarrow(made: Made, random_: random.Random) -> Any:
    columns = []
    for at, kind in enumerate(made.kinds):
        if kind == "mixed":  # Arrow has no column of mixed types
            made.kinds[at], made.columns[at] = "text", ["a"] * made.n
        columns.append(_chunked(made.columns[at], made.kinds[at], random_))
    table = pa.Table.from_arrays(columns, names=made.names)
    form = random_.choice(["table", "table", "table", "reader", "batch"])
    if form == "reader" and len(set(map(str.casefold, made.names))) == len(made.names):
        return table.to_reader()
    return table.combine_chunks().to_batches()[0] if form == "batch" and made.n else table


def _chunked(values: list[Any], kind: str, random_: random.Random) -> pa.ChunkedArray:
    types = {"text": pa.string(), "whole": pa.int64(), "truth": pa.bool_(), "float": pa.float64()}
    cut = random_.randrange(len(values) + 1)
    whole = pa.array(values, type=types.get(kind))
    dictionaries = kind in ("text", "whole") and random_.random() < 0.4
    if kind == "whole" and random_.random() < 0.2:
        whole, dictionaries = pa.array([None if v is None else Decimal(v) for v in values], pa.decimal128(20, 0)), False
    parts = [whole[:cut], whole[cut:]]
    return pa.chunked_array([part.dictionary_encode() for part in parts] if dictionaries else parts)


def expected(made: Made, column: int, by: int | None) -> Counter[Any] | None:
    """How often each category comes, with its group before it; None where that is refused."""
    kinds = [made.kinds[column]] + ([] if by is None else [made.kinds[by]])
    columns = [made.columns[column]] + ([] if by is None else [made.columns[by]])
    rows = [row for row in zip(*columns, strict=True) if None not in row]
    for kind, values in zip(kinds, columns, strict=True):
        types = {type(value) for value in values if value is not None}
        is_one = len(types) <= 1 and types <= {str, int, bool}
        if not is_one if kind == "mixed" else kind not in CATEGORIES and any(value is not None for value in values):
            return None
    return Counter(tuple(_name(value) for value in reversed(row)) for row in rows)


def _name(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)
