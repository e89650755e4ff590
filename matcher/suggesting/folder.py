"""A feeds.toml for files in a layout that nobody has described, from their headings and contents, for a person to confirm.

Nothing here is taken as true: whatever it writes says why, and what a person must still decide is asked. No value of a
record is shown; words of a closed list are, where they are short, frequent and like nobody's name or number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

from matcher.errors import InputRefused
from matcher.progress import Progress, Step, silent
from matcher.sources import delivery, feeds, manifest, mapping, reader
from matcher.sources.chunking import Chunk, rows_of
from matcher.sources.contract import load
from matcher.sources.delivery import SUGGESTED_FILE, Feed
from matcher.sources.mapping import MAPPING_FILE, Section
from matcher.suggesting import drafting, guessing
from matcher.suggesting.guessing import Guess, Question

ROWS_TRIED = 2_000
DOUBTED = 0.05
"""From this share of unreadable values on a person is asked."""

HEAD = """\
# 本文件由程序根据表头和内容推测生成，每一行都须由人核对、改正后方可使用。
# Suggested by the program from headings and contents: every line is to be confirmed or mended by a person.
# `# ???` 开头的行是程序不敢决定的。 Lines that begin with `# ???` are those it does not dare to decide.
"""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A whole feeds.toml as text, and what a person must confirm or answer, each line in Chinese and in English.

    `sources` are those that it has a section for; without any the text is only its head.
    """

    text: str
    questions: tuple[Question, ...]
    sources: tuple[str, ...]


def suggest(folder: Path, progress: Progress = silent) -> Suggested:
    """The feeds.toml that the files of a folder seem to need; what an existing one says is kept.

    Raises InputRefused for a folder or an existing feeds.toml that cannot be understood.
    """
    if not folder.is_dir():
        raise InputRefused("there is no such folder", file=folder, remedy="Check the path")
    said = mapping.read(folder / MAPPING_FILE)
    asked: list[Question] = []
    files = list(_files(folder, asked))
    guesses: dict[str, list[tuple[Path, Guess]]] = {}
    for done, path in enumerate(files):
        progress(Step("suggest", done, len(files), "files"))
        owner = _owner(path.name, said)
        section = said.get(owner, Section()) if owner else Section()
        try:
            glances = reader.glance(path, section.encoding)
        except InputRefused as error:
            asked.append(_unreadable(path, error))
            continue
        guess = guessing.of_file(path, glances, owner, section)
        asked += guess.questions
        if guess.source is not None:
            guesses.setdefault(guess.source, []).append((path, guess))
    progress(Step("suggest", len(files), len(files), "files"))
    sections = {}
    for source in sorted({*said, *guesses}):
        if text := _section(source, said.get(source), guesses.get(source, []), asked):
            sections[source] = text
    return Suggested("\n".join([HEAD, *sections.values()]), tuple(dict.fromkeys(asked)), tuple(sections))


def write(folder: Path, suggested: Suggested) -> Path:
    """Writes the suggestion beside the files: as feeds.toml where there is none, else as SUGGESTED_FILE; says where."""
    path = folder / MAPPING_FILE
    if path.exists() or path.is_symlink():
        path = folder / SUGGESTED_FILE
        path.unlink(missing_ok=True)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(suggested.text)
    return path


def _section(
    source: str, said: Section | None, guesses: Sequence[tuple[Path, Guess]], asked: list[Question]
) -> str:  # fmt: skip
    """The text of a section; none where its files are read as they stand. One that would be refused is commented out."""
    if said is None and all(guess.known and _owner(path.name, {}) == source for path, guess in guesses):
        return ""
    alike = _alike(source, guesses, asked)
    text = drafting.section(source, said or Section(), alike)
    if not alike:
        return text
    refusals = list(_tried(source, [path for path, _ in alike], text, asked))
    asked += refusals
    return drafting.commented(text) if refusals and said is None else text


def _alike(
    source: str, guesses: Sequence[tuple[Path, Guess]], asked: list[Question]
) -> list[tuple[Path, Guess]]:  # fmt: skip
    """The files that one section can describe: those laid out like the one that is understood best."""
    if not guesses:
        return []
    best = max(guesses, key=lambda one: len(one[1].pairs))[1]
    needed = {best.headings[pair.place] for pair in best.pairs}
    alike = [(path, guess) for path, guess in guesses if needed <= set(guess.headings.values())]
    for path, guess in guesses:
        if (path, guess) not in alike:
            asked.append(
                (
                    f"{path.name}：与“{load(source).title_zh}”的其他文件表头不同，未写入；请统一表头后报送",
                    f"{path.name}: its headings differ from those of the other files of {source}; it was left out",
                )
            )
    return alike


def _tried(source: str, files: Sequence[Path], text: str, asked: list[Question]) -> Iterator[Question]:
    """Why files are refused when they are read through the section; what else their first rows show is `asked`."""
    with TemporaryDirectory() as place:
        path = Path(place) / MAPPING_FILE
        path.write_text(text, encoding="utf-8")
        section = mapping.read(path)[source]
    for file in files:
        feed = Feed(
            source,
            load(source),
            (file,),
            encoding=section.encoding,
            columns=section.columns,
            values=section.values,
            units=section.units,
        )
        try:
            chunks = feeds.chunks(feed, ROWS_TRIED)
            chunk = next(chunks)
            next(chunks, None)  # so that the reader of a small file has done, and can go on with the next one
        except InputRefused as error:
            yield _refused(source, file, error)
            continue
        asked += _doubts(source, chunk)


def _files(folder: Path, asked: list[Question]) -> Iterator[Path]:
    """The files of the folder that may hold tables."""
    for path in sorted(folder.iterdir()):
        name = path.name
        if name.startswith((".", delivery.TRUTH)) or name in delivery.NOT_FEEDS or manifest.belongs(name):
            continue
        if path.is_symlink() or not path.is_file() or path.stat().st_size == 0:
            asked.append(
                (f"{name}：是链接、文件夹或空文件，未读取", f"{name}: a link, a folder or an empty file, not read")
            )
        elif delivery.is_supported(path):
            yield path
        else:
            asked.append((f"{name}：不支持这种文件", f"{name}: files of this kind are not read"))


def _owner(name: str, said: Mapping[str, Section]) -> str | None:
    """The source to which a file already belongs, by feeds.toml or by its name."""
    for source, section in said.items():
        if any(fnmatch(name, mark) for mark in section.files):
            return source
    owner = delivery.source_of(name)
    return None if owner is not None and owner in said and said[owner].files else owner


def _doubts(source: str, chunk: Chunk) -> Iterator[Question]:
    """Columns of which too many values cannot be read, and rows that are set aside."""
    rows = max(chunk.rows_in, 1)
    if (aside := rows_of(chunk.rejects)) > DOUBTED * rows:
        yield (
            f"{chunk.file}：前 {rows} 行中有 {aside} 行不能采用，请核对 [{source}]",
            f"{chunk.file}: of the first {rows} rows {aside} are set aside; check [{source}]",
        )
    for column, count in chunk.nulled.items():
        if count > DOUBTED * rows:
            yield (
                f"{chunk.file}：{column} 列前 {rows} 行中有 {count} 个值不能识别，请核对",
                f"{chunk.file}: in {column}, {count} values of the first {rows} rows cannot be read; check it",
            )


def _unreadable(path: Path, error: InputRefused) -> Question:
    return (
        f"{path.name}：无法读取（{error.what}）",
        f"{path.name}: it cannot be read ({error.what}). {error.remedy or ''}".strip(),
    )


def _refused(source: str, path: Path, error: InputRefused) -> Question:
    where = f" {error.column}" if error.column else ""
    return (
        f"{path.name}：按建议的 [{source}] 仍不能读取，该节已注释掉（{error.what}{where}）",
        f"{path.name}: refused even with the suggested [{source}], which is commented out ({error.what}{where})",
    )
