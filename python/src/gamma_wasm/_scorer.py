"""The class that scores batches."""

import os
import threading
import weakref
from typing import Any, Dict, List, Optional, Sequence, TypedDict, Union, overload

from . import _batch
from ._binary import find_gamma
from ._process import Died, Process, Request

#: The columns of an answer.
COLUMNS = ("score", "percent", "levels", "spread", "interval", "findings", "model", "provenance", "error")


class Columns(TypedDict):
    """The answer to a list: a row for each photo, in its order. Of a photo with an error all else is ``None``."""

    score: List[Optional[float]]
    """The model's own number, about 0.2 (bad) to 1.0 (perfect)."""
    percent: List[Optional[float]]
    """Where the score lies between the two, 0 to 100."""
    levels: List[Optional[Dict[str, float]]]
    """The probabilities of ``bad``, ``poor``, ``fair``, ``good`` and ``perfect``."""
    spread: List[Optional[float]]
    """The standard deviation of the crops' scores."""
    interval: List[Optional[Dict[str, List[float]]]]
    """Where people's opinion of nine photos in ten lies, as ``score`` and as ``percent``, each of them from and to;
    ``None`` of a model that does not say."""
    findings: List[Optional[List[Dict[str, Any]]]]
    """The faults that explain the score, the worst first: ``fault``, ``form`` (``None`` where it is not told),
    ``score``, ``percent``, ``level``, and the ``crops`` from the worst on. Empty if none is claimed, ``None`` of a
    model that tells none."""
    model: List[Optional[Dict[str, Any]]]
    """What was asked: ``name`` of the model, ``scene``, ``policy`` of the crops and their ``seed``, ``scale`` of the
    photo, number of ``crops``."""
    provenance: List[Optional[Dict[str, Any]]]
    """What the file declares about its origin, which nobody has verified: ``source`` (``ai``, ``composite``, ``capture``
    or ``unknown``), ``evidence`` (each ``kind`` and ``value``), ``c2pa``, ``verified``."""
    error: List[Optional[str]]
    """``CODE: message`` of a photo that could not be scored."""


Photo = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview]

#: How often a photo may end the process.
_DEATHS = 2


class Scorer:
    """Scores photos, as long as it lives, with one process.

    Args:
        weights: a safetensors file, or a folder that ``gamma convert`` wrote; the model in the wheel unless told.
        scene: what the photos are judged as; ``natural-quality``, or the model's first.
        policy: how crops are chosen: ``random``, ``five``, ``center`` or ``grid``; as the model says.
        crops: crops of a photo, 1 to 100; as the model says.
        seed: start of the random numbers, below 2**63.
        tolerance: stop a photo as soon as its score is, with 95% certainty, within this of that of all crops.
        parity: read pixels exactly as the published loader does.
        workers: photos that are scored at the same time; all cores unless told. Engines that start a process for each
            core want 1.
        threads: threads that share the work on a photo.
        max_memory: megabytes for photos, beside the model.

    A scorer can be used from several threads, which wait for each other, and can be pickled.
    """

    def __init__(
        self,
        weights: Optional[str] = None,
        *,
        scene: Optional[str] = None,
        policy: Optional[str] = None,
        crops: Optional[int] = None,
        seed: Optional[int] = None,
        tolerance: Optional[float] = None,
        parity: bool = False,
        workers: Optional[int] = None,
        threads: int = 1,
        max_memory: Optional[int] = None,
    ) -> None:
        self._options = {
            "weights": None if weights is None else os.fspath(weights),
            "scene": scene,
            "policy": policy,
            "crops": crops,
            "seed": seed,
            "tolerance": tolerance,
            "parity": parity,
            "workers": workers,
            "threads": threads,
            "max_memory": max_memory,
        }
        if scene == "all":
            raise ValueError("a batch is scored under one scene")
        if seed is not None and not 0 <= seed < 1 << 63:
            raise ValueError("a seed is a whole number from 0 to 2**63 - 1")
        self._lock = threading.Lock()
        self._process: Optional[Process] = None
        self._owner = 0
        self._end: Any = None

    @overload
    def __call__(self, batch: Sequence[Photo]) -> Columns: ...

    @overload
    def __call__(self, batch: Any) -> Any: ...

    def __call__(self, batch: Any) -> Any:
        """Scores a batch of paths or encoded photos.

        Returns:
            The columns of :data:`COLUMNS`, each as long as the batch and in its order: a dict of lists, of NumPy arrays
            for a NumPy array, or a ``pyarrow.Table`` for an Arrow array.

        Raises:
            RuntimeError: if there is no answer at all, as when the model cannot be loaded.
            TypeError: for a batch, or something in it, that is none of the above.
        """
        photos = _batch.photos(batch)
        rows = self._answers([_request(photo) for photo in photos])
        columns: Dict[str, List[Any]] = {name: [row[name] for row in rows] for name in COLUMNS}
        return _batch.like(batch, columns)

    def _answers(self, requests: Sequence[Request]) -> List[Dict[str, Any]]:
        rows: List[Dict[str, Any]] = []
        deaths = 0
        with self._lock:
            while len(rows) < len(requests):
                before = len(rows)
                try:
                    for answer in self._running().ask(requests[before:]):
                        rows.append(_row(answer))
                except Died as death:
                    self._stop()
                    # That of an earlier photo is not this one's.
                    deaths = 1 if len(rows) > before else deaths + 1
                    if deaths < _DEATHS:
                        continue
                    if not rows and not self._loads():
                        raise RuntimeError(str(death)) from None
                    rows.append(_failed({"code": "worker", "message": str(death)}))
                    deaths = 0
        return rows

    def _running(self) -> Process:
        # After a fork the process is the parent's.
        if self._process is None or self._owner != os.getpid():
            self._process = Process(self._command())
            self._owner = os.getpid()
            # Before the interpreter ends, too, when its threads still answer: `__del__` would come too late.
            self._end = weakref.finalize(self, _close, self._process, self._owner)
        return self._process

    def _loads(self) -> bool:
        """Whether the model can be loaded, so that it was the photo that ended the process."""
        process = Process(self._command())
        try:
            return all("error" in answer for answer in process.ask([({"id": 0}, b"")]))
        except Died:
            return False
        finally:
            process.close()

    def _command(self) -> List[str]:
        command = [find_gamma(), "score", "--serve=frames"]
        for name, value in self._options.items():
            option = f"--{name.replace('_', '-')}"
            if value is True:
                command.append(option)
            elif value is not None and value is not False:
                command.append(f"{option}={value}")
        return command

    def _stop(self) -> None:
        if self._process is not None:
            self._process = None
            self._end()

    def close(self) -> None:
        """Lets the process end. The next call starts another one."""
        with self._lock:
            self._stop()

    def __enter__(self) -> "Scorer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        return _restored, (self._options,)


def _close(process: Process, owner: int) -> None:
    # After a fork the process is the parent's.
    if owner == os.getpid():
        process.close()


def _restored(options: Dict[str, Any]) -> Scorer:
    return Scorer(**options)


def _request(photo: Photo) -> Request:
    if isinstance(photo, (bytes, bytearray, memoryview)):
        data = bytes(photo)
        # Nothing would be no photo at all to the protocol.
        return {}, data or b"\0"
    path = os.fspath(photo)
    try:
        path.encode()
    except UnicodeEncodeError:
        # Bytes that are not UTF-8, as the operating system gives them.
        from urllib.parse import quote

        return {"url": "file://" + quote(os.fsencode(os.path.abspath(path)))}, b""
    return {"path": path}, b""


def _row(answer: Dict[str, Any]) -> Dict[str, Any]:
    error = answer.get("error")
    if error is not None:
        return _failed(error)
    model = {key: answer[key] for key in ("scene", "policy", "seed", "scale")}
    row = {name: answer[name] for name in ("score", "percent", "levels", "spread", "provenance")}
    row["interval"] = answer.get("interval")
    findings = answer.get("findings")
    row["findings"] = None if findings is None else [{"form": None, **finding} for finding in findings]
    return {**row, "model": {"name": answer["model"], **model, "crops": len(answer["crops"])}, "error": None}


def _failed(error: Dict[str, str]) -> Dict[str, Any]:
    row: Dict[str, Any] = dict.fromkeys(COLUMNS)
    row["error"] = f"{error['code']}: {error['message']}"
    return row
