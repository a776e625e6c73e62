"""SQS over real HTTP: moto's server, in a thread of its own."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any

import botocore.session
from moto.server import ThreadedMotoServer

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class SqsServer:
    def __enter__(self) -> SqsServer:
        os.environ.update(CREDENTIALS)
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        self.server.start()
        self.endpoint = "http://{}:{}".format(*self.server.get_host_and_port())
        self.client: Any = botocore.session.get_session().create_client(
            "sqs", region_name="eu-central-1", endpoint_url=self.endpoint
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()
        self.server.stop()
        for name in CREDENTIALS:
            del os.environ[name]

    def url(self, queue: str, options: str = "") -> str:
        return f"sqs://{queue}?region=eu-central-1&endpoint={self.endpoint}{options}"

    def queue(self, name: str) -> str:
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        made: str = self.client.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
        return made

    def read(self, queue_url: str) -> list[dict[str, Any]]:
        """What is there, each message once, taken off."""
        found: list[dict[str, Any]] = []
        while messages := self.client.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            AttributeNames=["All"],
        ).get("Messages"):
            found += messages
            for message in messages:
                self.client.delete_message(
                    QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        return found
