"""Batches as lists, NumPy arrays and Arrow arrays; neither library is needed, nor imported."""

import math
import sys
from typing import Any, Dict, List


def _module(name: str) -> Any:
    """A library, if the caller uses it: what was not imported has made no batch."""
    return sys.modules.get(name)


def _is_numpy(batch: Any) -> bool:
    numpy = _module("numpy")
    return numpy is not None and isinstance(batch, numpy.ndarray)


def _is_arrow(batch: Any) -> bool:
    arrow = _module("pyarrow")
    return arrow is not None and isinstance(batch, (arrow.Array, arrow.ChunkedArray))


def photos(batch: Any) -> List[Any]:
    """The photos of a batch, one by one.

    Raises:
        TypeError: if it is no batch, or holds something else than paths and bytes.
    """
    found: List[Any]
    if _is_arrow(batch):
        found = batch.to_pylist()
    elif _is_numpy(batch):
        if batch.ndim != 1:
            raise TypeError(f"a batch has one dimension, not {batch.ndim}")
        found = batch.tolist()
    elif isinstance(batch, (list, tuple)):
        found = list(batch)
    else:
        raise TypeError(f"a batch is a list, tuple, NumPy array or Arrow array, not {type(batch).__name__}")
    for photo in found:
        if not isinstance(photo, (str, bytes, bytearray, memoryview)) and not hasattr(photo, "__fspath__"):
            raise TypeError(f"a photo is a path or bytes, not {type(photo).__name__}")
    return found


def like(batch: Any, columns: Dict[str, List[Any]]) -> Any:
    """The columns in the kind of the batch."""
    if _is_arrow(batch):
        arrow = _module("pyarrow")
        return arrow.table({name: arrow.array(values, _arrow_type(arrow, name)) for name, values in columns.items()})
    if _is_numpy(batch):
        return {name: _array(name, values) for name, values in columns.items()}
    return columns


def _array(name: str, values: List[Any]) -> Any:
    numpy = _module("numpy")
    if name in ("score", "percent", "spread"):
        return numpy.array([math.nan if value is None else value for value in values], dtype=numpy.float32)
    array = numpy.empty(len(values), dtype=object)
    array[:] = values
    return array


def _arrow_type(arrow: Any, name: str) -> Any:
    number, text = arrow.float32(), arrow.string()
    levels = arrow.struct([(level, number) for level in ("bad", "poor", "fair", "good", "perfect")])
    texts = [(name, text) for name in ("name", "scene", "policy")]
    model = arrow.struct([*texts, ("seed", arrow.int64()), ("scale", number), ("crops", arrow.int32())])
    evidence = arrow.list_(arrow.struct([("kind", text), ("value", text)]))
    provenance = arrow.struct([("source", text), ("evidence", evidence), ("c2pa", text), ("verified", arrow.bool_())])
    ends = arrow.list_(number)
    interval = arrow.struct([("score", ends), ("percent", ends)])
    told = [("form", text), ("fault", text), ("score", number), ("percent", number), ("level", text)]
    findings = arrow.list_(arrow.struct([*told, ("crops", arrow.list_(arrow.int32()))]))
    types = {"interval": interval, "findings": findings, "levels": levels, "model": model, "provenance": provenance, "error": text}
    return types.get(name, number)
