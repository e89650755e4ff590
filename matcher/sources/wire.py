"""What passes between us and the process that reads foreign files: JSON and tables, each with its length before it.

Nothing that comes from there is unpickled: whatever a file does to its reader, here it is only text and columns.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import polars as pl
import pyarrow as pa

from matcher.sources.chunking import Chunk, Piece
from matcher.sources.delivery import Feed
from matcher.sources.headings import Layout
from matcher.sources.sampling import Sample

HEAD = struct.Struct("<cQ")
WORDS, TABLE = b"J", b"T"

Receive = Callable[[], "Mapping[str, Any] | pl.DataFrame"]


class Broken(Exception):
    """The other side has ended in the middle of a message."""


def send_words(pipe: BinaryIO, words: Mapping[str, Any]) -> None:
    """Sends a mapping as JSON."""
    text = json.dumps(words, ensure_ascii=False).encode("utf-8", "replace")
    pipe.write(HEAD.pack(WORDS, len(text)))
    pipe.write(text)


def send_table(pipe: BinaryIO, frame: pl.DataFrame) -> None:
    """Sends a frame as an Arrow stream."""
    sink = pa.BufferOutputStream()
    table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    held = sink.getvalue()
    pipe.write(HEAD.pack(TABLE, len(held)))
    pipe.write(memoryview(held))


def receive(pipe: BinaryIO) -> Mapping[str, Any] | pl.DataFrame:
    """The next message. Raises Broken where there is none."""
    kind, length = HEAD.unpack(_exactly(pipe, HEAD.size))
    content = _exactly(pipe, length)
    if kind == TABLE:
        with pa.ipc.open_stream(pa.py_buffer(content)) as stream:
            found = pl.from_arrow(stream.read_all())
        return found if isinstance(found, pl.DataFrame) else found.to_frame()
    words: Mapping[str, Any] = json.loads(content)
    return words


def send_chunk(pipe: BinaryIO, chunk: Chunk) -> None:
    """Sends a chunk: what is counted, its rows, its rejects."""
    send_words(
        pipe,
        {
            "chunk": [chunk.source, chunk.file, chunk.file_index, chunk.index],
            "rows_in": chunk.rows_in,
            "nulled": dict(chunk.nulled),
            "headings": chunk.headings,
            "bytes_read": chunk.bytes_read,
        },
    )
    send_table(pipe, chunk.frame)
    send_table(pipe, chunk.rejects)


def received_chunk(words: Mapping[str, Any], receive: Receive) -> Chunk:
    """The chunk that these words announce."""
    source, file, file_index, index = words["chunk"]
    return Chunk(
        source,
        file,
        file_index,
        index,
        _table(receive),
        _table(receive),
        words["rows_in"],
        words["nulled"],
        tuple(words["headings"]),
        words["bytes_read"],
    )


def send_sample(pipe: BinaryIO, sample: Sample) -> None:
    """Sends a sample: its figures, and its pieces as they stand in the files."""
    send_words(
        pipe,
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
        send_table(pipe, piece.raw)


def received_sample(words: Mapping[str, Any], feed: Feed, receive: Receive) -> Sample:
    """The sample that these words announce."""
    rows, exact, seconds_a_row = words["sample"]
    pieces = tuple(
        Piece(
            feed,
            file=said["file"],
            file_index=said["place"][0],
            index=said["place"][1],
            raw=_table(receive),
            misfits={},
            headings=tuple(said["headings"]),
            layout=Layout(said["columns"], said["units"]),
            has_header_row=said["has_header_row"],
        )
        for said in words["pieces"]
    )
    return Sample(pieces, rows, exact, seconds_a_row)


def _table(receive: Receive) -> pl.DataFrame:
    found = receive()
    if not isinstance(found, pl.DataFrame):
        raise Broken("a table was announced and words came")
    return found


def _exactly(pipe: BinaryIO, length: int) -> bytearray:
    content = bytearray(length)
    view, got = memoryview(content), 0
    while got < length:
        count = pipe.readinto(view[got:])  # type: ignore[attr-defined]
        if not count:
            raise Broken("the pipe has ended")
        got += count
    return content
