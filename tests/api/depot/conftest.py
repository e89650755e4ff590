"""A store that speaks S3, in a process of its own: what is put into it is asked for again by another client than ours."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from api.depot.bucket import OWNER

NAME = "extracts"


@dataclass(frozen=True)
class Stored:
    """A place in the store that is this test's alone, and what a stock client finds there."""

    client: Any
    prefix: str

    @property
    def url(self) -> str:
        """As JIEKUN_STORE names it."""
        return f"s3://{NAME}/{self.prefix}"

    def names(self) -> list[str]:
        """What lies there, beside the object that tells whose it is."""
        found = self.client.list_objects_v2(Bucket=NAME, Prefix=f"{self.prefix}/").get("Contents", ())
        return [name for each in found if (name := each["Key"].removeprefix(f"{self.prefix}/")) != OWNER]

    def raw(self, name: str) -> bytes:
        """The bytes that lie there, as its keeper sees them."""
        content: bytes = self.client.get_object(Bucket=NAME, Key=f"{self.prefix}/{name}")["Body"].read()
        return content

    def put(self, name: str, content: bytes) -> None:
        """The store's keeper changes what lies there."""
        self.client.put_object(Bucket=NAME, Key=f"{self.prefix}/{name}", Body=content)

    def parts(self) -> list[str]:
        """Files of which parts lie there that were neither finished nor given up."""
        found = self.client.list_multipart_uploads(Bucket=NAME).get("Uploads") or ()
        return [each["Key"] for each in found if each["Key"].startswith(f"{self.prefix}/")]


@pytest.fixture(scope="session")
def store_address() -> Iterator[str]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            assert running.poll() is None, "it does not begin"
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.kill()
        running.wait()


@pytest.fixture
def stored(store_address: str, monkeypatch: pytest.MonkeyPatch) -> Stored:
    """A store that the environment names, with nothing in it."""
    known = {"AWS_ACCESS_KEY_ID": "us", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    known |= {"AWS_ENDPOINT_URL": store_address, "AWS_ALLOW_HTTP": "true"}
    prefix = uuid4().hex
    for name, value in {**known, "JIEKUN_STORE": f"s3://{NAME}/{prefix}"}.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", region_name="us-east-1", config=Config(request_checksum_calculation="when_required"))
    client.create_bucket(Bucket=NAME)
    return Stored(client, prefix)
