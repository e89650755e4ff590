"""The process that reads foreign files: with limits, without secrets, and with nothing to lose when a file kills it.

`python -m matcher.sources.apart SOCKET MEMORY_MIB` serves `reader` on an inherited socket until the other side closes it.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from matcher.errors import InputRefused, UsageError, refused_by_system
from matcher.measure import own_peak_memory_bytes
from matcher.sources import chunking, glancing, opening, sampling, wire

DEBUG = "JIEKUN_READER_DEBUG"
SECONDS_BETWEEN_LOOKS = 2.0
AHEAD = 1
"""How many chunks may lie ready beside the one that is being sent."""


def _chunks(to: socket.socket, **request: Any) -> None:
    """Sends the chunks, each while the next ones are made."""
    ahead: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1) as sender:
        try:
            for chunk in chunking.chunks(**request):
                ahead.append(sender.submit(_send, to, chunk))
                if len(ahead) > AHEAD:
                    ahead.popleft().result()
        finally:
            while ahead:
                ahead.popleft().result()


def _send(to: socket.socket, chunk: chunking.Chunk | tuple[int, int]) -> None:
    """Sends a chunk, or the place of one that is done, and waits until it is taken: what lies ready takes memory."""
    if isinstance(chunk, tuple):
        wire.send_words(to, {"skipped": chunk})
    else:
        wire.send_chunk(to, chunk)
    wire.exactly(to, 1)


def _sample(to: socket.socket, **request: Any) -> None:
    wire.send_sample(to, sampling.sample(**request))


def _row_count(to: socket.socket, **request: Any) -> None:
    wire.send_words(to, {"answer": sampling.row_count(**request)})


def _headings(to: socket.socket, **request: Any) -> None:
    wire.send_words(to, {"answer": opening.headings(**request)})


def _glance(to: socket.socket, **request: Any) -> None:
    for found in glancing.glance(**request):
        wire.send_words(to, {"table": found.name, "headings": found.headings, "encoding": found.encoding})
        wire.send_table(to, found.rows)


WORK: dict[str, Callable[..., None]] = {
    "chunks": _chunks,
    "sample": _sample,
    "row_count": _row_count,
    "headings": _headings,
    "glance": _glance,
}


def limit(memory_bytes: int) -> None:
    """Sets what this process may take, as far as the system has such limits: memory, and no core file."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the limit counts mapped files, or nothing
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def serve(asking: socket.socket) -> None:
    """Does what is asked, one request after the other, each ended by `done`, `refused`, `usage`, `full` or `failed`."""
    wire.send_words(asking, {"ready": True})
    while True:
        try:
            _, length = wire.HEAD.unpack(wire.exactly(asking, wire.HEAD.size))
        except wire.Broken:
            return
        name, request = pickle.loads(wire.exactly(asking, length))
        try:
            WORK[name](asking, **request)
            wire.send_words(asking, {"done": own_peak_memory_bytes()})
        except InputRefused as error:
            said = {"what": error.what, "file": error.file and str(error.file), "row": error.row}
            wire.send_words(asking, {"refused": said | {"column": error.column, "remedy": error.remedy}})
        except UsageError as error:
            wire.send_words(asking, {"usage": str(error)})
        except (BrokenPipeError, ConnectionError, wire.Broken):
            return
        except BaseException as error:  # polars panics are no Exceptions
            if os.environ.get(DEBUG):
                traceback.print_exc()
            full = refused_by_system(error) if isinstance(error, Exception) else None
            # never what the error says: it may quote a cell
            wire.send_words(asking, {"full": str(full)} if full else {"failed": type(error).__name__})


def _end_with(parent: int) -> None:
    """Ends this process when the one that asked is gone, even while a library is stuck in what it reads."""
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(1)


def main() -> None:
    """Serves until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asked decides when to stop
    limit(int(sys.argv[2]) << 20)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with socket.socket(fileno=int(sys.argv[1])) as asking:
        if not os.environ.get(DEBUG):  # what a library says of a file may quote it
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        serve(asking)
    os._exit(0)  # a thread of a library may be stuck in what it was reading


if __name__ == "__main__":
    main()
