"""The process that reads foreign files: with limits, without secrets, and with nothing to lose when a file kills it.

`python -m matcher.sources.apart` serves `reader` on its standard input and output until the input ends.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

from matcher.errors import InputRefused, MatcherError, UsageError, refused_by_system
from matcher.sources import chunking, opening, sampling, wire

DEBUG = "JIEKUN_READER_DEBUG"


def _chunks(pipe: BinaryIO, **request: Any) -> None:
    for chunk in chunking.chunks(**request):
        if isinstance(chunk, tuple):
            wire.send_words(pipe, {"skipped": chunk})
        else:
            wire.send_chunk(pipe, chunk)
        pipe.flush()


def _sample(pipe: BinaryIO, **request: Any) -> None:
    wire.send_sample(pipe, sampling.sample(**request))


def _row_count(pipe: BinaryIO, **request: Any) -> None:
    wire.send_words(pipe, {"answer": sampling.row_count(**request)})


def _headings(pipe: BinaryIO, **request: Any) -> None:
    wire.send_words(pipe, {"answer": opening.headings(**request)})


WORK: dict[str, Callable[..., None]] = {
    "chunks": _chunks,
    "sample": _sample,
    "row_count": _row_count,
    "headings": _headings,
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


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Does what is asked, one request after the other, each ended by `done`, `refused`, `usage` or `failed`."""
    while (head := requests.read(wire.HEAD.size)) and len(head) == wire.HEAD.size:
        _, length = wire.HEAD.unpack(head)
        name, request = pickle.loads(requests.read(length))
        try:
            WORK[name](answers, **request)
            wire.send_words(answers, {"done": True})
        except InputRefused as error:
            said = {"what": error.what, "file": error.file and str(error.file), "row": error.row}
            wire.send_words(answers, {"refused": said | {"column": error.column, "remedy": error.remedy}})
        except UsageError as error:
            wire.send_words(answers, {"usage": str(error)})
        except BrokenPipeError:
            raise
        except BaseException as error:  # polars panics are no Exceptions
            if os.environ.get(DEBUG):
                traceback.print_exc()
            full = refused_by_system(error) if isinstance(error, Exception) else None
            # never what the error says: it may quote a cell
            wire.send_words(answers, {"full": str(full)} if full else {"failed": type(error).__name__})
            if isinstance(error, MatcherError):
                raise
        answers.flush()


def main() -> None:
    """Serves until the input ends; what libraries print goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asked decides when to stop
    limit(int(sys.argv[1]) << 20)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(requests, answers)
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
