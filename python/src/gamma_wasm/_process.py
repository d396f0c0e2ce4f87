"""One process of ``gamma score --serve=frames``."""

import json
import struct
import subprocess
import threading
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

#: A photo: its bytes, or what a request says of it.
Request = Tuple[Dict[str, Any], bytes]


class Died(Exception):
    """The process ended before it had answered."""


class Process:
    """Answers requests in their order."""

    def __init__(self, command: Sequence[str]) -> None:
        self._child = subprocess.Popen(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._said: List[bytes] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        """Keeps what the process says last; a pipe that nobody reads would hold it up."""
        assert self._child.stderr is not None
        for line in self._child.stderr:
            self._said = [*self._said[-9:], line]

    def ask(self, requests: Sequence[Request]) -> Iterator[Dict[str, Any]]:
        """Yields an answer for each request.

        Raises:
            Died: if the process ended before.
        """
        sender = threading.Thread(target=self._send, args=(requests,), daemon=True)
        sender.start()
        assert self._child.stdout is not None
        for _ in requests:
            line = self._child.stdout.readline()
            # A line without its end is none: the process died while it wrote.
            if not line.endswith(b"\n"):
                self._child.kill()
                status = self._child.wait()
                sender.join()
                self._listener.join()
                said = b"".join(self._said).decode(errors="replace").strip()
                raise Died(f"the process ended with status {status}: {said or 'it said nothing'}")
            yield json.loads(line)
        sender.join()

    def _send(self, requests: Sequence[Request]) -> None:
        stdin = self._child.stdin
        assert stdin is not None
        try:
            for request, photo in requests:
                text = json.dumps(request).encode()
                stdin.write(struct.pack("<II", len(text), len(photo)) + text)
                stdin.write(photo)
            stdin.flush()
        except (BrokenPipeError, ValueError):
            # It died, which its answers tell; or it was closed.
            pass

    def close(self, patience: Optional[float] = 10.0) -> None:
        """Lets the process end."""
        for pipe in (self._child.stdin, self._child.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass
        try:
            self._child.wait(patience)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._listener.join()
        if self._child.stderr is not None:
            self._child.stderr.close()
