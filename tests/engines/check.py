"""check.py OUT EXPECTED: whether the Parquet files in OUT have one row for each photo, as the command's lines in EXPECTED say.

Prints what is wrong, and exits with 1 then.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as dataset


def key(photo: str) -> str:
    """A photo's number, of its name, path or address."""
    return Path(photo).name.removesuffix(".jpg")


def values(row: dict) -> object:
    """What is compared: numbers as the 32 bits that they are."""
    if row.get("error") is not None:
        error = row["error"]
        return error["code"] if isinstance(error, dict) else error.split(":")[0]
    numbers = [row["score"], row["percent"], row["spread"], *(row["levels"][name] for name in LEVELS)]
    return pa.array(numbers, pa.float32()).to_pylist(), row["provenance"]


LEVELS = ("bad", "poor", "fair", "good", "perfect")


def main(out: str, expected_file: str) -> int:
    with open(expected_file) as lines:
        expected = {key(row["image"]): values(row) for row in map(json.loads, lines)}
    folders = [folder for folder in sorted(Path(out).iterdir()) if not folder.name.startswith("_")]
    rows = [row for folder in folders for row in dataset.dataset(folder, format="parquet").to_table().to_pylist()]
    counts = Counter(key(row["photo"]) for row in rows)
    wrong = [f"{photo}: {counts[photo]} rows" for photo in {*expected, *counts} if counts[photo] != 1 or photo not in expected]
    wrong += [
        f"{row['photo']}: {values(row)} where the command says {expected.get(key(row['photo']))}"
        for row in rows
        if values(row) != expected.get(key(row["photo"]))
    ]
    broken = sum(row["error"] is not None for row in rows)
    print(f"{len(rows)} rows of {len(expected)} photos, {broken} with an error, {len(wrong)} wrong")
    print("\n".join(wrong[:10]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
