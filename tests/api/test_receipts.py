"""Receipts: proved with nothing but the file and the folder; whatever is changed, by a byte, is told with where it is."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from typer.testing import CliRunner

from api import cli, sealing
from api.domain import receipts
from api.domain.receipts import NoReceipt, canonical, problems
from api.sealing.signing import Signer, proves
from tests.api.conftest import Service

SIGNER = Signer.of(b"x" * 128)
NAMES = ("findings.parquet", "links.parquet", "summary.json")
RECEIPT = "{ scans(first: 5) { nodes { id status receipt { document href } } } }"


def folder_of(parent: Path) -> Path:
    """What a scan wrote: three files, a page, and what it keeps beside."""
    folder = parent / "out"
    (folder / "inputs").mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_bytes(name.encode() * 20)
    (folder / "report.html").write_text("made of them")
    return folder


def receipt_of(folder: Path) -> bytes:
    content = {"version": receipts.VERSION, "scan": "00", "outputs": receipts.outputs(folder), "名": "甲"}
    return receipts.written(content, SIGNER.public_key, SIGNER.sign)


KEY = base64.b64encode(SIGNER.public_key).decode()


@settings(max_examples=60, deadline=None)
@given(some.data())
def test_a_byte_that_is_changed_is_told_with_its_file(data: some.DataObject) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = folder_of(Path(parent))
        receipt = receipt_of(folder)
        assert problems(receipt, proves, folder, KEY) == []
        name = data.draw(some.sampled_from([*NAMES, "receipt"]))
        content = bytearray(receipt if name == "receipt" else (folder / name).read_bytes())
        content[data.draw(some.integers(0, len(content) - 1))] ^= 1 << data.draw(some.integers(0, 7))
        if name == "receipt":
            receipt = bytes(content)
        else:
            (folder / name).write_bytes(content)
        told = problems(receipt, proves, folder)
        assert told
        assert all(each.startswith(f"{name}: ") for each in told) or name == "receipt"


@settings(max_examples=60, deadline=None)
@given(some.data())
def test_no_receipt_is_taken_for_another_or_for_a_part_of_one(data: some.DataObject) -> None:
    with tempfile.TemporaryDirectory() as parent:
        receipt = receipt_of(folder_of(Path(parent)))
    cut = data.draw(some.integers(0, len(receipt) - 1))
    assert problems(receipt[:cut], proves)
    assert problems(receipt[:cut] + b" " + receipt[cut:], proves), "nor written in another way"


def test_files_that_are_missing_or_too_many_are_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    receipt = receipt_of(folder)
    (folder / "report.html").unlink()
    shutil.rmtree(folder / "inputs")
    assert problems(receipt, proves, folder) == [], (
        "the page is made of the others, and what is kept beside is not given"
    )
    (folder / "links.parquet").unlink()
    (folder / "more.parquet").write_bytes(b"")
    assert problems(receipt, proves, folder) == [
        "links.parquet: it is not in the folder", "more.parquet: the receipt does not tell of it"
    ]  # fmt: skip
    assert len(problems(receipt, proves, tmp_path / "nowhere")) == 3


def test_by_whom_it_is_signed_is_told_by_the_key_that_is_known(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    other = Signer.of(b"y" * 128)
    forged = receipts.written(json.loads(receipt_of(folder))["receipt"], other.public_key, other.sign)
    assert problems(forged, proves, folder) == [], "whoever signs it proves only that they did"
    assert problems(forged, proves, folder, KEY) == [
        "receipt: it is signed by another key than the one that is known"
    ]
    with_our_name = json.loads(forged)
    with_our_name["signature"]["key"] = KEY
    assert problems(canonical(with_our_name), proves, folder, KEY)


def test_the_key_is_given_as_it_stands_or_in_a_file_and_nothing_else_is_taken_for_one(tmp_path: Path) -> None:
    file, kept = tmp_path / "receipt.json", tmp_path / "key"
    file.write_bytes(receipt_of(folder_of(tmp_path)))
    kept.write_text(KEY + "\n")
    other = base64.b64encode(Signer.of(b"y" * 128).public_key).decode()
    for key, status, said in (
        (KEY, 0, "as it was signed"),
        (str(kept), 0, "as it was signed"),
        (other, 1, "signed by another key"),
        (str(tmp_path / "none"), 1, "neither a public key nor a file of one"),
        (str(file), 1, "neither a public key nor a file of one"),
        (KEY[:-5], 1, "neither a public key nor a file of one"),
    ):
        told = CliRunner().invoke(cli.app, ["receipt", "verify", str(file), "--key", key])
        assert (told.exit_code, said in " ".join(f"{told.output} {told.exception}".split())) == (status, True), (
            told.output
        )


def test_there_is_one_way_to_write_it() -> None:
    assert canonical({"b": [1, {"d": None, "c": "é"}], "a": True}) == '{"a":true,"b":[1,{"c":"é","d":null}]}'.encode()
    for fraction in (1.5, {"a": [0.1]}, float("nan")):
        with pytest.raises(NoReceipt):
            canonical(fraction)


async def test_every_scan_that_succeeded_has_one_that_is_proved_outside(service: Service, tmp_path: Path) -> None:
    """By the command, in a process that is told of no database and no key."""
    (scan,) = (await service.data(RECEIPT, by="auditor"))["scans"]["nodes"]
    answer = await service.client.get(
        scan["receipt"]["href"], headers={"Authorization": f"Bearer {service.tokens['auditor']}"}
    )
    assert (answer.status_code, answer.text) == (200, scan["receipt"]["document"])
    for by, status in (("elsewhere", 404), ("caseworker", 403)):
        asked = {"Authorization": f"Bearer {service.tokens[by]}"}
        assert (await service.client.get(scan["receipt"]["href"], headers=asked)).status_code == status
    assert (await service.client.get(scan["receipt"]["href"])).status_code == 401
    outside = tmp_path / "outside"
    outside.mkdir()
    file, folder = outside / "receipt.json", outside / "out"
    file.write_bytes(answer.content)
    shutil.copytree(service.data_dir / "scans" / "1" / "out", folder)
    content: dict[str, Any] = json.loads(answer.content)["receipt"]
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert (content["scan"], content["requestedBy"]) == (scan["id"], "auditor")
    assert content["inputs"] == summary["input_sha256"]
    assert content["versions"].keys() >= {"program", "plan", "model", "policy", "rules"}
    assert content["counts"]["findings"] == summary["findings"]["total"]
    assert {"findings.parquet", "links.parquet", "coverage.parquet", "rejects.parquet", "summary.json"} <= content[
        "outputs"
    ].keys()
    key = base64.b64encode(service.vault.signer.public_key).decode()
    command = [sys.executable, "-P", "-c", "from api.cli import main; main()", "receipt", "verify", str(file)]
    command += ["--folder", str(folder), "--key", key]
    apart = {"PYTHONPATH": str(Path(cli.__file__).parent.parent), "PATH": ""}
    assert subprocess.run(command, env=apart, cwd=outside, capture_output=True, check=False).returncode == 0
    assert {path.name for path in outside.iterdir()} == {"receipt.json", "out"}, "no database, no key, no folder"
    with (folder / "coverage.parquet").open("r+b") as opened:
        opened.seek(100)
        byte = opened.read(1)
        opened.seek(100)
        opened.write(bytes([byte[0] ^ 1]))
    done = subprocess.run(command, env=apart, cwd=outside, capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("coverage.parquet: ")


def test_the_key_is_the_same_after_every_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sealing.parsed(sealing.new_key())
    rotated = first.rotated()
    for ring in (rotated, sealing.parsed(rotated.without(1).written())):
        assert sealing.Vault(ring).signer.public_key == sealing.Vault(first).signer.public_key
    assert (
        sealing.Vault(sealing.parsed(sealing.new_key())).signer.public_key != sealing.Vault(first).signer.public_key
    )
    monkeypatch.setenv("JIEKUN_DATA_DIR", str(tmp_path))
    wrong = CliRunner().invoke(cli.app, ["receipt", "verify", str(tmp_path / "none.json")])
    assert wrong.exit_code != 0
