"""What passes between us and the process that reads foreign files: JSON and tables, each with its length before it.

Nothing that comes from there is unpickled: words are JSON, and tables are Arrow streams whose shape is checked. Where
the system has it, a table lies in memory that both sides see and that is sealed before it is handed over, so that it is
written once and never copied; elsewhere it passes through the socket.
"""

from __future__ import annotations

import errno
import fcntl
import json
import mmap
import os
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import pyarrow as pa

from matcher.frames import REJECTS
from matcher.sources.chunking import NAMES, Chunk, Piece
from matcher.sources.delivery import Feed
from matcher.sources.headings import Layout
from matcher.sources.sampling import Sample

HEAD = struct.Struct("<cQ")
REQUEST, WORDS, TABLE, SHARED = b"P", b"J", b"T", b"S"
SEALS = (
    (fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
    if hasattr(os, "memfd_create") and hasattr(fcntl, "F_ADD_SEALS")
    else 0
)

MOST_WORDS, MOST_BYTES = 64 << 20, 16 << 30
"""More than so much no message is long."""

Receive = Callable[[], "Mapping[str, Any] | pl.DataFrame"]


class Broken(Exception):
    """The other side has ended in the middle of a message."""


def send(to: socket.socket, kind: bytes, content: bytes | memoryview) -> None:
    """Sends a message."""
    to.sendall(HEAD.pack(kind, len(content)))
    to.sendall(content)


def send_words(to: socket.socket, words: Mapping[str, Any]) -> None:
    """Sends a mapping as JSON."""
    send(to, WORDS, json.dumps(words, ensure_ascii=False).encode("utf-8", "replace"))


def send_table(to: socket.socket, frame: pl.DataFrame) -> None:
    """Sends a frame as an Arrow stream."""
    table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
    if SEALS:
        try:
            _hand_over(to, table)
            return
        except OSError as error:  # what is written there counts as a file, and may be larger than files may be
            if error.errno not in (errno.EFBIG, errno.ENOSPC):
                raise
    sink = pa.BufferOutputStream()
    _write(sink, table)
    send(to, TABLE, memoryview(sink.getvalue()))


def _hand_over(to: socket.socket, table: pa.Table) -> None:
    """Sends a table in memory that is sealed before it is handed over."""
    place = os.memfd_create("table", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with os.fdopen(os.dup(place), "wb", buffering=0) as file:
            _write(pa.PythonFile(file, mode="w"), table)
            size = file.tell()
        fcntl.fcntl(place, fcntl.F_ADD_SEALS, SEALS)
        to.sendall(HEAD.pack(SHARED, size))
        socket.send_fds(to, [b"."], [place])
    finally:
        os.close(place)


def receive(source: socket.socket) -> Mapping[str, Any] | pl.DataFrame:
    """The next message. Raises Broken where there is none."""
    kind, length = HEAD.unpack(exactly(source, HEAD.size))
    if length > (MOST_WORDS if kind == WORDS else MOST_BYTES):
        raise Broken("a message is longer than any is")
    try:
        if kind == SHARED:
            return _read(_shared(source, length))
        content = exactly(source, length)
        if kind == TABLE:
            return _read(pa.py_buffer(content))
        words = json.loads(content)
    except (
        ValueError,
        MemoryError,
        pa.ArrowException,
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
    ) as error:
        raise Broken(f"a message cannot be read ({type(error).__name__})") from error
    if not isinstance(words, dict):
        raise Broken("a message is no mapping")
    return words


def send_chunk(to: socket.socket, chunk: Chunk) -> None:
    """Sends a chunk: what is counted, its rows, its rejects, and the names of the records set aside."""
    send_words(
        to,
        {
            "chunk": [chunk.source, chunk.file, chunk.file_index, chunk.index],
            "rows_in": chunk.rows_in,
            "nulled": dict(chunk.nulled),
            "headings": chunk.headings,
            "bytes_read": chunk.bytes_read,
        },
    )
    counts = chunk.frame.null_count().row(0, named=True)
    empty = [name for name, count in counts.items() if count == len(chunk.frame) > 0]
    send_table(to, chunk.frame.with_columns(pl.lit(None, pl.Null).alias(name) for name in empty))
    send_table(to, chunk.rejects)
    send_table(to, chunk.names)


def received_chunk(words: Mapping[str, Any], feed: Feed, receive: Receive) -> Chunk:
    """The chunk that these words announce; its columns without any value came without their type."""
    source, file, file_index, index = words["chunk"]
    frame, rejects, names, types = table(receive), table(receive), table(receive), feed.contract.schema()
    frame = frame.cast(
        {name: types[name] for name, dtype in frame.schema.items() if dtype == pl.Null and name in types}
    )
    if frame.schema != {"row_number": pl.Int64(), **types} or rejects.schema != REJECTS or names.schema != NAMES:
        raise Broken("a chunk has other columns than its contract")
    return Chunk(
        source,
        file,
        file_index,
        index,
        frame,
        rejects,
        words["rows_in"],
        words["nulled"],
        tuple(words["headings"]),
        words["bytes_read"],
        names,
    )


def send_sample(to: socket.socket, sample: Sample) -> None:
    """Sends a sample: its figures, and its pieces as they stand in the files."""
    send_words(
        to,
        {
            "sample": [sample.rows, sample.exact, sample.seconds_a_row],
            "pieces": [
                {
                    "file": piece.file,
                    "place": [piece.file_index, piece.index],
                    "headings": piece.headings,
                    "columns": dict(piece.layout.columns),
                    "units": dict(piece.layout.units),
                    "has_header_row": piece.has_header_row,
                }
                for piece in sample.pieces
            ],
        },
    )
    for piece in sample.pieces:
        send_table(to, piece.raw)


def received_sample(words: Mapping[str, Any], feed: Feed, receive: Receive) -> Sample:
    """The sample that these words announce."""
    rows, exact, seconds_a_row = words["sample"]
    pieces = tuple(
        Piece(
            feed,
            file=said["file"],
            file_index=said["place"][0],
            index=said["place"][1],
            raw=table(receive),
            misfits={},
            headings=tuple(said["headings"]),
            layout=Layout(said["columns"], said["units"]),
            has_header_row=said["has_header_row"],
        )
        for said in words["pieces"]
    )
    return Sample(pieces, rows, exact, seconds_a_row)


def table(receive: Receive) -> pl.DataFrame:
    """The table that comes next. Raises Broken where words come."""
    found = receive()
    if not isinstance(found, pl.DataFrame):
        raise Broken("a table was announced and words came")
    return found


def exactly(source: socket.socket, length: int) -> bytearray:
    """So many of the next bytes. Raises Broken where fewer come."""
    content = bytearray(length)
    view, got = memoryview(content), 0
    while got < length:
        count = source.recv_into(view[got:])
        if not count:
            raise Broken("nothing more comes")
        got += count
    return content


def _shared(source: socket.socket, length: int) -> pa.Buffer:
    """The sealed memory that is handed over next. Raises Broken for memory that the other side could still change."""
    _, handed, _, _ = socket.recv_fds(source, 1, 1)
    if not handed:
        raise Broken("memory was announced and none came")
    try:
        if fcntl.fcntl(handed[0], fcntl.F_GET_SEALS) & SEALS != SEALS or os.fstat(handed[0]).st_size < length:
            raise Broken("the memory is not sealed")
        return pa.py_buffer(mmap.mmap(handed[0], length, prot=mmap.PROT_READ))
    finally:
        os.close(handed[0])


def _write(sink: pa.NativeFile, table: pa.Table) -> None:
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)


def _read(content: pa.Buffer) -> pl.DataFrame:
    with pa.ipc.open_stream(content) as stream:
        table = stream.read_all()
    table.validate()
    found = pl.from_arrow(table)
    return found if isinstance(found, pl.DataFrame) else found.to_frame()
