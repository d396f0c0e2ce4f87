"""first.py WHAT FOLDER [OPTION=VALUE...]: how soon a library for Python has scored a photo, and how many it scores a second.

WHAT is `gamma`, this project's wheel, or the name of a metric of pyiqa, which OPTIONs are given to (`pretrained=None`: random
weights take the same time, where its own cannot be had). Time counts from the start of the imports; photos are JPEG files.
"""

import ast
import sys
import time
from pathlib import Path
from typing import Callable, List


def scorer(what: str, options: "dict[str, object]") -> "Callable[[List[str]], List[float]]":
    if what == "gamma":
        from gamma_wasm import Scorer

        score = Scorer(**options)
        return lambda paths: score(paths)["score"]
    import pyiqa

    metric = pyiqa.create_metric(what, **options)
    return lambda paths: [float(metric(path)) for path in paths]


def main(what: str, folder: str, *words: str) -> None:
    begin = time.perf_counter()
    options = {name: ast.literal_eval(value) for name, value in (word.split("=") for word in words)}
    paths = [str(path) for path in sorted(Path(folder).glob("*.jpg"))]
    score = scorer(what, options)
    score(paths[:1])
    first = time.perf_counter()
    scores = score(paths[1:])
    rate = len(scores) / (time.perf_counter() - first)
    print(f"{what}: first score after {first - begin:.1f} s, then {rate:.2f} photos/s over {len(scores)} photos")


if __name__ == "__main__":
    main(*sys.argv[1:])
