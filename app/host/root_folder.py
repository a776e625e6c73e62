"""As root: the embedded Postgres refuses root, so it runs as another user, who can't look into
root's folders.

Nobody's folder is opened for that user. What that user can't reach is put into a folder of ours: a
copy of the server's programs, and the data, with a link to it from where it was asked for.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

FOLDER = Path("/var/lib/zerosum")


def ensure_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        subprocess.run(["useradd", "--system", name], check=True, capture_output=True)  # noqa: S603, S607


def is_reachable(path: Path) -> bool:
    """Return whether anybody may pass through the folders that contain this one."""
    return all(folder.stat().st_mode & 0o001 for folder in path.parents)


def reachable_data(data_dir: Path) -> Path:
    """Return where the data of this folder is: there, or in our folder, with a link to it."""
    if data_dir.is_symlink():
        return data_dir.resolve()
    taken = data_dir.exists() and any(data_dir.iterdir())
    if taken and (data_dir / "PG_VERSION").exists() and not is_reachable(data_dir):
        raise OSError(f"{data_dir} is in a folder that only root may enter; move it")
    if taken or is_reachable(data_dir):
        return data_dir
    with contextlib.suppress(FileNotFoundError):
        data_dir.rmdir()
    folder = Path(tempfile.mkdtemp(prefix="data-", dir=our_folder()))
    data_dir.symlink_to(folder)
    return folder


def reachable_programs(bin_dir: Path, version: str) -> Path:
    """Return the server's programs: where they are, or in a copy of their package in our folder,
    one for each version."""
    if is_reachable(bin_dir / "postgres"):
        return bin_dir
    package = bin_dir.parents[1]
    copy = our_folder() / f"postgres-{version}"
    if not copy.exists():
        half = Path(tempfile.mkdtemp(prefix="copy-", dir=our_folder()))
        half.chmod(0o755)
        # A wheel keeps its libraries beside its package.
        for folder in (package, package.with_name(package.name + ".libs")):
            if folder.exists():
                shutil.copytree(folder, half / folder.name, symlinks=True)
        for path in half.rglob("*"):
            if not path.is_symlink():  # Whatever the umask was at the installation.
                path.chmod(path.stat().st_mode | (0o555 if path.stat().st_mode & 0o100 else 0o444))
        try:
            half.rename(copy)
        except OSError:  # Another start was faster.
            shutil.rmtree(half)
    return copy / bin_dir.relative_to(package.parent)


def our_folder() -> Path:
    """Return root's folder, through which anybody may pass and in which nobody may look around.
    Raises OSError if it is not so."""
    FOLDER.mkdir(mode=0o711, exist_ok=True)
    found = FOLDER.lstat()
    if found.st_uid != os.geteuid() or FOLDER.is_symlink() or found.st_mode & 0o022:
        raise OSError(f"{FOLDER} is not root's alone")
    FOLDER.chmod(0o711)
    return FOLDER
