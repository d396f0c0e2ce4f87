"""photos.py OUT COUNT [SHARDS]: shards of small photos, made of the samples of this repository; one photo in a hundred is broken.

OUT/photos has them all as files. OUT/shards has a fifth of them in a folder, in each of two tars and of two Parquet files;
or, where SHARDS is `parquet`, all in one Parquet file.
"""

import random
import shutil
import sys
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def made(out: Path, count: int) -> "list[Path]":
    """Crops of the samples, of all sizes and qualities."""
    draw = random.Random(18)
    paths = sorted(path for path in (ROOT / "www/samples").iterdir() if path.suffix in (".jpg", ".webp"))
    samples = [Image.open(path).convert("RGB") for path in paths]
    files = []
    for at in range(count):
        file = out / f"{at:06}.jpg"
        sample = draw.choice(samples)
        width, height = (draw.randint(200, max(200, side)) for side in sample.size)
        x, y = draw.randint(0, sample.width - width), draw.randint(0, sample.height - height)
        sample.crop((x, y, x + width, y + height)).save(file, quality=draw.randint(30, 95))
        if at % 100 == 50:
            # Cut off, no photo at all, and empty.
            content = [file.read_bytes()[:200], b"no photo", b""][at // 100 % 3]
            file.write_bytes(content)
        files.append(file)
    return files


def write_parquet(shard: Path, files: "list[Path]") -> None:
    rows = pa.table({"photo": [file.stem for file in files], "bytes": [file.read_bytes() for file in files]})
    parquet.write_table(rows, shard, row_group_size=32)


def write_some(shards: Path, files: "list[Path]") -> None:
    """Shards of each kind."""
    parts = [files[start::5] for start in range(5)]
    (shards / "folder").mkdir()
    for file in parts[0]:
        shutil.copy(file, shards / "folder")
    for at, part in enumerate(parts[1:3]):
        with tarfile.open(shards / f"{at}.tar", "w") as tar:
            for file in part:
                tar.add(file, file.name)
    for at, part in enumerate(parts[3:]):
        write_parquet(shards / f"{at}.parquet", part)


def main(place: str, number: str, kind: str = "some") -> None:
    out = Path(place)
    shutil.rmtree(out, ignore_errors=True)
    (out / "photos").mkdir(parents=True)
    shards = out / "shards"
    shards.mkdir()
    files = made(out / "photos", int(number))
    if kind == "parquet":
        write_parquet(shards / "all.parquet", files)
    else:
        write_some(shards, files)


if __name__ == "__main__":
    main(*sys.argv[1:])
