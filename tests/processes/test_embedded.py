"""What the embedded Postgres and the first start leave on disk, and what they leave alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database.connections import connect
from app.host import embedded, root_folder
from app.host.embedded import ROOT_RUNS_AS, SOCKET_PATH_LIMIT, EmbeddedError, socket_dir
from app.host.secret_files import write_secret
from tests.support.rooms import let_in


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose path is too long for a socket. The short folder that stands for it is
    removed again."""
    data = tmp_path / ("d" * SOCKET_PATH_LIMIT)
    data.mkdir()
    if os.geteuid() == 0:  # as start_embedded() names it
        subprocess.run(["useradd", "--system", ROOT_RUNS_AS], check=False, capture_output=True)
        shutil.chown(data, ROOT_RUNS_AS)
    yield data
    short = short_of(data)
    if short.is_symlink():
        short.unlink()
    shutil.rmtree(short, ignore_errors=True)


def short_of(data: Path) -> Path:
    return Path("/tmp") / f"zerosum-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"


def test_a_folder_in_the_temporary_one_is_for_nobody_else(deep: Path) -> None:
    assert socket_dir(deep) == short_of(deep)
    assert short_of(deep).stat().st_mode & 0o077 == 0
    assert socket_dir(deep) == short_of(deep)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another's folder")
@pytest.mark.parametrize("made", ["another's", "open to all", "a link", "a file"])
def test_what_somebody_else_made_there_first_is_not_taken_over(
    deep: Path, tmp_path: Path, made: str
) -> None:
    short, target = short_of(deep), tmp_path / "target"
    target.mkdir(mode=0o700)
    if made == "a link":
        short.symlink_to(target)
    elif made == "a file":
        short.touch(mode=0o600)
    else:
        short.mkdir(mode=0o700)
        short.chmod(0o777 if made == "open to all" else 0o700)
        if made == "another's":
            os.chown(short, 65534, 65534)
    before = short.lstat()
    with pytest.raises(EmbeddedError, match="is somebody else's"):
        socket_dir(deep)
    after = short.lstat()
    assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)
    if made == "a file":
        short.unlink()


def test_a_key_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """The rest of a start that died half-way is in nobody's way; a file that exists stays."""
    path = tmp_path / "key"
    (tmp_path / f"key.{os.getpid()}").write_text("")
    write_secret(path, "first")
    assert path.read_text() == "first\n"
    assert path.stat().st_mode & 0o777 == 0o600
    write_secret(path, "second")
    assert path.read_text() == "first\n"
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folders are closed to the server")
async def test_no_folder_of_roots_is_opened_for_the_server(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data and programs that only root can reach go to a folder of ours; what was asked for is a
    link to it."""
    ours = tmp_path_factory.mktemp("ours")
    let_in(ours)
    monkeypatch.setattr(root_folder, "FOLDER", ours / "zerosum")
    private = tmp_path_factory.mktemp("private")
    let_in(private)
    package = embedded.programs().parents[1]
    for folder in package.parent.glob(f"{package.name}*"):
        shutil.copytree(folder, private / folder.name, symlinks=True)
    private.chmod(0o700)
    programs = private / package.name / "pginstall" / "bin"
    monkeypatch.setattr(embedded, "programs", lambda: programs)
    data = private / "data"
    for _ in range(2):
        server = embedded.start_embedded(data)
        try:
            conn = await connect(server.url)
            await conn.execute("create table if not exists public.kept ()")
            await conn.close()
            assert data.is_symlink()
            assert (data / "postmaster.pid").exists()
            assert server.bin_dir.is_relative_to(ours)
        finally:
            server.stop()
        assert private.stat().st_mode & 0o777 == 0o700
    assert len(list((ours / "zerosum").iterdir())) == 2
    # Programs that anybody can reach are used where they are.
    assert root_folder.reachable_data(ours / "data") == ours / "data"
    (ours / "zerosum").chmod(0o777)
    with pytest.raises(EmbeddedError, match="is not root's alone"):
        embedded.start_embedded(private / "other")
