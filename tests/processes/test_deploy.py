"""The deploy files as their hosts use them: only requirements.txt installed, Procfile lines, PORT,
TLS required."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
import yaml

from app.version import VERSION
from tests.support.api import KEY
from tests.support.debian import OWNER, debian_postgres, run
from tests.support.image import build, context, copy_source, source_files
from tests.support.process import ServerProcess, free_port
from tests.support.receiver import Receiver

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
CONNECTION_LIMIT = 20  # of small hosts


@pytest.fixture
def tls_url(tmp_path: Path) -> Iterator[str]:
    """Debian's Postgres that allows nothing but TLS, and few connections; a postgres:// URL."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")

    def certify(data: Path, user: str) -> None:
        run(
            "openssl",
            "req",
            "-new",
            "-x509",
            "-days",
            "2",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-out",
            data / "server.crt",
            "-keyout",
            data / "server.key",
            user=user,
        )

    options = f"-c ssl=on -c max_connections={CONNECTION_LIMIT + 3}"
    with debian_postgres(
        tmp_path, options, "hostssl all all 127.0.0.1/32 trust\n", certify
    ) as port:
        yield f"postgres://{OWNER}@127.0.0.1:{port}/postgres?sslmode=require"


async def with_requirements(room: Path, requirements: Path) -> Path:
    """Create an environment with these requirements and nothing else. Returns its bin folder."""
    environment = room / "environment"
    await asyncio.to_thread(venv.create, environment, with_pip=True)
    pip: list[str | Path] = [environment / "bin" / "pip", "install", "-q"]
    await asyncio.to_thread(run, *pip, "--disable-pip-version-check", "-r", requirements)
    return environment / "bin"


@pytest.mark.slow
async def test_the_procfile_serves_with_only_the_requirements_installed(
    tmp_path: Path, tls_url: str, receiver: Receiver
) -> None:
    source = copy_source(tmp_path / "source")
    binaries = await with_requirements(tmp_path, source / "requirements.txt")
    environ = {
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "PORT": str(free_port()),
        "DATABASE_URL": tls_url,
        "ZEROSUM_API_KEY": KEY,
        "ZEROSUM_WEBHOOK_ALLOW": "127.0.0.0/8",
    }
    honcho: list[str | Path] = [
        Path(sys.executable).with_name("honcho"),
        "-f",
        source / "Procfile",
        "start",
    ]
    release = await asyncio.create_subprocess_exec(*honcho, "release", cwd=source, env=environ)
    assert await release.wait() == 0
    process = await asyncio.create_subprocess_exec(
        *honcho, "web", "relay", cwd=source, env=environ, start_new_session=True
    )
    headers = {"Authorization": f"Bearer {KEY}"}
    base = f"http://127.0.0.1:{environ['PORT']}"
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=30) as client:
        for _ in range(300):
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/readyz")).status_code == 200:
                    break
            await asyncio.sleep(0.1)
        for path in ("/openapi.json", "/docs", "/docs/swagger-ui.css"):
            assert (await client.get(path)).status_code == 200, path
        await client.post("/v1/wallets", json={"id": "alice", "asset": "USD"})
        assert (await client.post("/v1/webhooks", json={"url": receiver.url})).status_code == 201
        credits_ = (
            client.post("/v1/credits", json={"wallet": "alice", "amount": 1}) for _ in range(100)
        )
        assert {answer.status_code for answer in await asyncio.gather(*credits_)} == {201}
        await receiver.until(100)
        conn = await asyncpg.connect(tls_url)
        used = "select count(*) from pg_stat_activity where application_name = 'zerosum'"
        assert 2 <= await conn.fetchval(used) <= 6 + 3 + 3
        await conn.close()
    os.killpg(process.pid, signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 30) in {0, -signal.SIGTERM, 128 + signal.SIGTERM}


def test_the_images_file_list_is_what_docker_makes(tmp_path: Path) -> None:
    """By the rules of .dockerignore, since Docker need not be here: all files that it copies, and
    nothing that was built."""
    files = source_files()
    build(ROOT, [*files, Path("app/__pycache__/x.pyc"), Path(".venv/x")], tmp_path)
    copied = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    wanted = {f.as_posix() for f in files if f.parts[0] in {"app", "relay", "sql"}}
    assert copied == wanted | {"requirements-sinks.txt", "pyproject.toml"}


@pytest.mark.parametrize(
    ("ignore", "sent"),
    [
        ("*\n!a\n", {"a/b/c.txt", "a/d.pyc"}),
        ("*\n!a\n**/*.pyc\n", {"a/b/c.txt"}),
        ("a/b\n", {"a/d.pyc", "e.txt"}),
        ("**/c.txt\n", {"a/d.pyc", "e.txt"}),
        ("?.txt\n# a\n\n", {"a/b/c.txt", "a/d.pyc"}),
        ("*.txt\n!/e.txt\n", {"a/b/c.txt", "a/d.pyc", "e.txt"}),
        ("a\n!a/b\n", {"a/b/c.txt", "e.txt"}),
    ],
)
def test_the_rules_of_dockerignore(tmp_path: Path, ignore: str, sent: set[str]) -> None:
    (tmp_path / ".dockerignore").write_text(ignore)
    files = [Path("a/b/c.txt"), Path("a/d.pyc"), Path("e.txt")]
    assert {file.as_posix() for file in context(tmp_path, files)} == sent


def test_a_file_that_is_hidden_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("*\n!a\n")
    (tmp_path / "Dockerfile").write_text("COPY a a\nCOPY b.txt .\n")
    for name in ("a/x", "b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(FileNotFoundError, match=r"COPY b\.txt"):
        build(tmp_path, [Path("a/x"), Path("b.txt")], tmp_path / "image")


@pytest.mark.slow
async def test_the_image_serves(tmp_path: Path, database_url: str) -> None:
    """The image's files, with what it installs and nothing else, by its command, as its user finds
    them."""
    image = tmp_path / "image"
    build(ROOT, source_files(), image)
    binaries = await with_requirements(tmp_path, image / "requirements-sinks.txt")
    command = re.findall(r"^CMD (\[.*\])", (ROOT / "Dockerfile").read_text(), re.M)
    server = ServerProcess(tmp_path, database_url)
    server.cwd = image
    await server.start(str(binaries / "python"), *json.loads(command[0])[1:])
    async with server.client() as client:
        document = (await client.get("/openapi.json")).json()
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        assert document["info"]["version"] == project["project"]["version"] == VERSION
        assert (await client.get("/docs")).status_code == 200
    await server.end()


def test_the_manifests_name_what_is_there() -> None:
    procfile = dict(
        line.split(": ", 1) for line in (ROOT / "Procfile").read_text().strip().splitlines()
    )
    assert set(procfile) == {"release", "web", "relay"}
    json.loads((ROOT / "app.json").read_text())
    render = (ROOT / "render.yaml").read_text()
    assert procfile["release"] in render
    assert "python -m app serve" in render


def test_the_compose_file_serves_from_its_postgres() -> None:
    """Where there is a docker client, it reads the file too; elsewhere only the file's shape is
    checked."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert {name: service.get("profiles") for name, service in compose["services"].items()} == {
        **dict.fromkeys(("postgres", "web", "relay")),
        "redis": ["redis"],
        "kafka": ["kafka"],
        "kafka-topic": ["kafka"],
    }
    for name in ("web", "relay"):
        service = compose["services"][name]
        assert "@postgres/" in service["environment"]["DATABASE_URL"]
        assert service["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    client: list[str | Path] = ["docker", "compose", "-f", ROOT / "docker-compose.yml"]
    if shutil.which("docker") and not subprocess.call([*client[:2], "version"]):
        run(*client, "config", "--quiet")
