"""The package with the command that the variable GAMMA names, or with the one of the wheel."""

import json
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
import unittest
import zlib
from multiprocessing import get_context
from pathlib import Path

from gamma_wasm import COLUMNS, Scorer, find_gamma

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "tests/golden/preprocess/images"
MODEL = str(ROOT / "tests/golden/tiny/model.safetensors")
NAMES = ["coffee.jpg", "gray_250x240.png", "lossy_301x231.webp"]
PATHS = [str(IMAGES / name) for name in NAMES]


def scorer(**options):
    return Scorer(MODEL, crops=1, **options)


def plain():
    """What the command says of the photos."""
    command = [find_gamma(), "score", "--json", "--crops", "1", "--weights", MODEL, *PATHS]
    lines = subprocess.run(command, capture_output=True, check=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def in_process(passed):
    return passed(PATHS)["score"]


class Test(unittest.TestCase):
    def test_scores_are_those_of_the_command(self):
        with scorer() as score:
            paths = score(PATHS)
            data = score([Path(path).read_bytes() for path in PATHS])
        self.assertEqual(list(paths), list(COLUMNS))
        for row, name in enumerate(PATHS):
            expected = plain()[row]
            for column in ("score", "percent", "levels", "spread"):
                self.assertEqual(paths[column][row], expected[column])
                self.assertEqual(data[column][row], expected[column])
            self.assertIsNone(paths["error"][row])
            self.assertEqual(paths["model"][row]["name"], "untrained tiny sample")
            self.assertEqual(paths["model"][row]["crops"], 1)
            self.assertEqual(paths["provenance"][row], expected["provenance"])

    def test_the_default_model_says_why_and_how_sure(self):
        photos = [str(ROOT / f"www/samples/lighthouse{name}") for name in (".webp", "-noisy.jpg")]
        with Scorer() as score:
            found = score([*photos, "gone"])
        for percent, interval in zip(found["percent"][:2], found["interval"]):
            low, high = interval["percent"]
            self.assertTrue(low < percent < high, (low, percent, high))
        clean, noisy, gone = found["findings"]
        self.assertEqual(clean, [])
        self.assertEqual([(finding["fault"], finding["form"]) for finding in noisy], [("noise", None)])
        self.assertTrue(0 < len(noisy[0]["crops"]) <= 4)
        self.assertIsNone(gone)
        self.assertIsNone(found["interval"][2])

    def test_a_model_may_say_neither(self):
        with scorer() as score:
            found = score(PATHS)
        self.assertEqual((found["interval"], found["findings"]), ([None] * 3, [None] * 3))

    def test_a_script_need_not_close_it(self):
        script = f"from gamma_wasm import Scorer\nscorer = Scorer({MODEL!r}, crops=1)\nprint(scorer({PATHS!r})['score'])"
        for more in ["", "\nscorer = None", "\nraise SystemExit(3)"]:
            ran = subprocess.run([sys.executable, "-c", script + more], capture_output=True, timeout=60)
            self.assertEqual((ran.returncode, ran.stderr), (3 if "raise" in more else 0, b""))
            self.assertEqual(json.loads(ran.stdout), [photo["score"] for photo in plain()])

    def test_provenance_is_what_the_file_declares(self):
        # A note of Stable Diffusion's settings, as docs/provenance.md has it.
        settings = b"parameters\0Steps: 28, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"
        note = b"tEXt" + settings
        chunk = struct.pack(">I", len(settings)) + note + struct.pack(">I", zlib.crc32(note))
        photo = Path(PATHS[1]).read_bytes()
        # After the signature and the header's chunk.
        generated = photo[:33] + chunk + photo[33:]
        with scorer() as score:
            found = score([photo, generated, b"no photo"])
        self.assertEqual(found["provenance"][0]["source"], "unknown")
        self.assertEqual(found["provenance"][1]["source"], "ai")
        self.assertEqual(len(found["provenance"][1]["evidence"]), 1)
        self.assertIsNone(found["provenance"][2])

    def test_the_model_of_the_wheel(self):
        with Scorer(workers=1) as score:
            found = score([PATHS[0]])
        self.assertEqual(found["model"][0]["name"], "gamma-lite")

    def test_what_cannot_be_scored_is_a_row(self):
        batch = ["missing.jpg", PATHS[0], b"no photo", b"", Path(PATHS[1]), bytearray(b"x"), "/dev/zero"]
        with scorer() as score:
            found = score(batch)
            self.assertEqual([len(found[column]) for column in COLUMNS], [len(batch)] * len(COLUMNS))
        errors = [error and error.split(":")[0] for error in found["error"]]
        self.assertEqual(errors, ["io", None, "image-format", "image-format", None, "image-format", "io"])
        self.assertEqual([value is None for value in found["score"]], [error is not None for error in errors])
        with scorer() as score:
            self.assertEqual(score([]), {column: [] for column in COLUMNS})

    def test_names_that_are_not_utf8(self):
        if sys.platform != "linux":
            self.skipTest("the file system has no such names")
        import shutil
        import tempfile

        with tempfile.TemporaryDirectory() as folder, scorer() as score:
            path = os.path.join(os.fsencode(folder), b"a \xff%.png")
            shutil.copy(PATHS[1], path)
            self.assertIsNone(score([os.fsdecode(path)])["error"][0])

    def test_what_is_no_batch_is_refused(self):
        with scorer() as score:
            for batch in ["a.jpg", b"bytes", None, [None], [3], {"a": 1}]:
                with self.assertRaises(TypeError):
                    score(batch)
        with self.assertRaises(ValueError):
            Scorer(scene="all")
        with self.assertRaises(ValueError):
            Scorer(seed=1 << 63)
        with self.assertRaisesRegex(RuntimeError, "could not be loaded"):
            Scorer("gone.safetensors")(PATHS)
        with self.assertRaisesRegex(RuntimeError, "portrait"):
            scorer(scene="portrait")(PATHS)

    def test_options_reach_the_command(self):
        with scorer(scene="face-quality", policy="grid", seed=4, workers=2, threads=2, max_memory=100) as score:
            model = score(PATHS[:1])["model"][0]
        self.assertEqual([model[key] for key in ("scene", "policy", "seed")], ["face-quality", "grid", 4])

    def test_a_process_that_dies_is_started_again(self):
        with scorer(workers=1) as score:
            expected = score(PATHS)["score"]
            os.kill(score._process._child.pid, signal.SIGTERM)
            self.assertEqual(score(PATHS)["score"], expected)
            # In the middle of a batch: what was answered is not asked again, what was not has its row.
            batch = PATHS * 30
            killer = threading.Timer(0.3, score._process._child.kill)
            killer.start()
            found = score(batch)
            killer.join()
        self.assertEqual(found["score"], expected * 30)
        self.assertEqual(found["error"], [None] * len(batch))

    def test_it_can_be_passed_to_other_processes(self):
        with scorer(workers=1) as score:
            expected = score(PATHS)["score"]
            with pickle.loads(pickle.dumps(score)) as other:
                self.assertEqual(other(PATHS)["score"], expected)
            for method in ["spawn", "fork"]:
                with get_context(method).Pool(1) as pool:
                    self.assertEqual(pool.apply(in_process, (score,)), expected)
            self.assertEqual(score(PATHS)["score"], expected)

    def test_threads_wait_for_each_other(self):
        with scorer(workers=1) as score:
            expected = score(PATHS)["score"]
            found = []
            threads = [threading.Thread(target=lambda: found.append(score(PATHS)["score"])) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(found, [expected] * 4)

    def test_numpy(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("NumPy is not installed")
        with scorer() as score:
            expected = score(PATHS)
            for batch in (numpy.array([*PATHS, "gone"]), numpy.array([*PATHS, b"x"], dtype=object)):
                found = score(batch)
                self.assertEqual(found["score"].dtype, numpy.float32)
                self.assertTrue((found["score"][:3] == numpy.array(expected["score"], dtype=numpy.float32)).all())
                self.assertTrue(numpy.isnan(found["score"][3]))
                self.assertEqual(found["levels"][0], expected["levels"][0])
                self.assertIsNone(found["error"][0])
                self.assertIsNotNone(found["error"][3])

    def test_arrow(self):
        try:
            import pyarrow
        except ImportError:
            self.skipTest("pyarrow is not installed")
        data = [Path(path).read_bytes() for path in PATHS]
        with scorer() as score:
            expected = score(PATHS)
            batches = [pyarrow.array([*PATHS, "gone"]), pyarrow.array([*data, b"x"])]
            for batch in [*batches, pyarrow.chunked_array([data, [b"x"]])]:
                table = score(batch)
                self.assertEqual(table.column_names, list(COLUMNS))
                self.assertEqual(table.num_rows, 4)
                scores = pyarrow.array(expected["score"], pyarrow.float32()).to_pylist()
                self.assertEqual(table["score"].to_pylist(), [*scores, None])
                for name in ("model", "provenance"):
                    self.assertEqual(table[name].to_pylist()[:2], expected[name][:2])
                self.assertIsNone(table["provenance"][3].as_py())
                self.assertIsNotNone(table["error"][3].as_py())


if __name__ == "__main__":
    unittest.main()
