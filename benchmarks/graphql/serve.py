"""A server of one side on a core of its own: python -m benchmarks.graphql.serve SIDE TASK PORT."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import uvicorn

from benchmarks.graphql import task


def main() -> None:
    """Serves until it is stopped."""
    side, path, port = sys.argv[1:]
    os.sched_setaffinity(0, {0})
    app = task.app(side, task.read(Path(path)))
    gc.collect()
    gc.freeze()
    uvicorn.run(app, host="127.0.0.1", port=int(port), access_log=False, log_level="error")


if __name__ == "__main__":
    main()
