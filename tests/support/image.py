"""What of a tree gets into the image, by the rules of .dockerignore and the Dockerfile's COPY
lines."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def source_files() -> list[Path]:
    """Return the files of a clone: those that Git does not ignore. Relative to the root."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "-c", "-o", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        names = [name for name in listed.stdout.split("\0") if name]
    else:
        ignored = re.compile(
            r"(^|/)(\.venv|\.zerosum[^/]*|__pycache__|[^/]*\.egg-info|\.[a-z_]*_cache|\.jars)/"
        )
        paths = (path for path in ROOT.rglob("*") if path.is_file())
        names = [str(path.relative_to(ROOT)) for path in paths]
        names = [name for name in names if not ignored.search(name)]
    return [Path(name) for name in names if (ROOT / name).is_file()]


def copy_source(to: Path) -> Path:
    """Copy the tree as a newcomer clones it, without anything that was built or installed here."""
    for path in source_files():
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, to / path)
    return to


def pattern(text: str) -> re.Pattern[str]:
    """Parse a line of .dockerignore (Docker's documentation, "Dockerignore file"): Go's
    filepath.Match, and ** for any number of folders. A match includes everything below it."""
    parts = re.split(r"(\*\*/?|\*|\?|\[[^]]*\])", text.strip("/"))
    spelled = {"*": "[^/]*", "?": "[^/]", "**": ".*", "**/": "(?:.*/)?"}
    regex = "".join(
        spelled.get(part) or (part if part.startswith("[") else re.escape(part)) for part in parts
    )
    return re.compile(f"{regex}(/.*)?")


def context(root: Path, files: list[Path]) -> list[Path]:
    """Return the files that Docker sends to the build: the last line that matches a file decides."""
    lines = [line.strip() for line in (root / ".dockerignore").read_text().splitlines()]
    rules = [
        (not line.startswith("!"), pattern(line.removeprefix("!")))
        for line in lines
        if line and not line.startswith("#")
    ]
    sent = []
    for file in files:
        ignored = False
        for excludes, rule in rules:
            if rule.fullmatch(file.as_posix()):
                ignored = excludes
        if not ignored:
            sent.append(file)
    return sent


def copies(root: Path) -> Iterator[tuple[str, str]]:
    """Return source and destination of each COPY."""
    for line in (root / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY "):
            *sources, destination = line.split()[1:]
            for source in sources:
                yield source, destination


def build(root: Path, files: list[Path], to: Path) -> None:
    """Put what the Dockerfile copies where it is in the image. Raises FileNotFoundError for what
    Docker would not find."""
    sent = context(root, files)
    for source, destination in copies(root):
        found = [file for file in sent if file == Path(source) or Path(source) in file.parents]
        if not found:
            raise FileNotFoundError(f"COPY {source}: it is not in the build's context")
        for file in found:
            target = (
                to / destination / (file.relative_to(source) if file != Path(source) else file.name)
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / file, target)
