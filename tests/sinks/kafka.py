"""A real Kafka broker: Apache Kafka in KRaft mode on a port of its own, that can be killed and
started again."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)

from tests.support.process import free_port
from tests.tools.java import jars

READY_S = 40
USER, PASSWORD = "zerosum", "p:w/d@1"
CLUSTER = "MkU3OEVBNTcwNTJENDM2Qk"


class KafkaBroker:
    def __init__(self, room: Path) -> None:
        self.classes = jars("kafka")
        self.room = room
        self.port, self.controller, self.safe_port = free_port(), free_port(), free_port()
        self.safe_address = f"127.0.0.1:{self.safe_port}"
        self.certificate = room / "broker.crt"
        self.address = f"127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.config = room / "kafka.properties"
        lines = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller}",
            "listeners": f"PLAINTEXT://{self.address},SASL_SSL://{self.safe_address}"
            f",CONTROLLER://127.0.0.1:{self.controller}",
            "advertised.listeners": f"PLAINTEXT://{self.address},SASL_SSL://{self.safe_address}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,"
            "CONTROLLER:PLAINTEXT",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.certify()),
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": "org.apache.kafka.common.security"
            f'.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
            "log.dirs": str(room / "logs"),
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
        }
        self.config.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        self.java("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(self.config))

    def certify(self) -> Path:
        """Key and certificate of the listener that asks for TLS and a password."""
        key, both = self.room / "broker.key", self.room / "broker.pem"
        subprocess.run(
            [
                "openssl",
                "req",
                "-new",
                "-x509",
                "-days",
                "2",
                "-nodes",
                "-newkey",
                "rsa:2048",
                "-subj",
                "/CN=broker",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-out",
                self.certificate,
                "-keyout",
                key,
            ],
            check=True,
            capture_output=True,
        )
        both.write_text(key.read_text() + self.certificate.read_text())
        return both

    def command(self, main: str, *arguments: str) -> list[str]:
        heap = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return ["java", *heap, "-cp", self.classes, main, *arguments]

    def java(self, main: str, *arguments: str) -> None:
        ran = subprocess.run(
            self.command(main, *arguments), capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def start(self) -> None:
        """Return when it answers."""
        with (self.room / "out").open("ab") as out:
            self.process = subprocess.Popen(
                self.command("kafka.Kafka", str(self.config)), stdout=out, stderr=out
            )
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.room / "out").read_text()[-2000:]
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                self.admin().list_topics(timeout=5)
                return
            except Exception:
                time.sleep(0.1)
        raise AssertionError("the broker is not ready")

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def end(self, sig: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(sig)
            self.process.wait(30)

    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.address, "log_level": 0})

    def topic(self, name: str, partitions: int = 3, **config: str) -> None:
        """config: with _ for the dots."""
        named = {option.replace("_", "."): value for option, value in config.items()}
        admin = self.admin()
        made = admin.create_topics([NewTopic(name, partitions, 1, config=named)])
        made[name].result(20)

    def configure(self, name: str, config: Mapping[str, str]) -> None:
        entries = [
            ConfigEntry(option, value, incremental_operation=AlterConfigOpType.SET)
            for option, value in config.items()
        ]
        resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=entries)
        admin = self.admin()
        for future in admin.incremental_alter_configs([resource]).values():
            future.result(20)

    def read(self, topic: str, count: int, seconds: float = 30) -> list[Message]:
        """The topic's messages, once there are `count`; or those that there are by then."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.address,
                "group.id": f"test-{time.monotonic_ns()}",
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, n, 0) for n in partitions])
        found: list[Message] = []
        deadline = time.monotonic() + seconds
        try:
            while len(found) < count and time.monotonic() < deadline:
                found += [m for m in consumer.consume(1000, 0.2) if m.error() is None]
        finally:
            consumer.close()
        return found
