"""The disk under an SQLite store: its kind, its room, and the ballast that keeps a full one alive."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from data.errors import Refused

KERNEL = ("9p", "afs", "beegfs", "ceph", "cifs", "gpfs", "lustre", "nfs", "nfs4", "ocfs2", "smb2", "smb3", "smbfs")
FUSE = ("fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "glusterfs")
NETWORK = frozenset((*KERNEL, *FUSE))
MOUNTS = Path("/proc/self/mountinfo")
MIB = 1024 * 1024
WAL_LIMIT = 8 * MIB
# Twice the log: once no byte is free, SQLite can neither delete nor check-point, and after a restart not even read.
BALLAST = 2 * WAL_LIMIT


def kind(path: Path, mounts: str | None = None) -> str:
    """The type of the filesystem that holds ``path`` ("ext4", "nfs4"), by the kernel's mount table; "" without one."""
    if mounts is None:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="replace") if MOUNTS.exists() else ""
    best, found = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split(" ")[4].replace("\\040", " ")
        if len(point) >= len(best) and Path(os.path.realpath(path)).is_relative_to(point):
            best, found = point, _below(after, mounts)
    return found


def _below(fields: str, mounts: str) -> str:
    """An overlay is only as good as the layer that takes its writes."""
    name, _, options = fields.split(" ", 2)
    upper = next((o.removeprefix("upperdir=") for o in options.split(",") if o.startswith("upperdir=")), None)
    if name != "overlay" or upper is None:
        return name
    others = "\n".join(line for line in mounts.splitlines() if " - overlay " not in line)
    return kind(Path(upper), others) or name


def refuse_network(path: Path, mounts: str | None = None) -> None:
    """Raises Refused when ``path`` lies on a network filesystem: locks and shared memory do not hold there."""
    name = kind(path.parent, mounts)
    if name in NETWORK:
        raise Refused(
            f"{path} lies on a network filesystem ({name}), where SQLite loses data;"
            " put the store on a local disk, or use postgresql://"
        )


def free(path: Path) -> int:
    """Bytes this process may still write beside ``path``."""
    room = os.statvfs(path.parent)
    return room.f_bavail * room.f_frsize


def ballast(path: Path) -> Path:
    """Where the ballast of the store ``path`` lies."""
    return path.with_name(path.name + ".ballast")


def release(path: Path) -> bool:
    """Gives up the ballast of ``path``; False when there was none."""
    try:
        ballast(path).unlink()
    except FileNotFoundError:
        return False
    return True


def restore(path: Path, size: int = BALLAST) -> bool:
    """Lays the ballast again when three times its size is free; True when it lies there afterwards."""
    place = ballast(path)
    if place.exists() and place.stat().st_size >= size:
        return True
    if free(path) < 3 * size:
        return False
    return _fill(place, size)


def _fill(place: Path, size: int) -> bool:
    """Allocated blocks: a sparse file would hold no room."""
    part = place.with_name(place.name + ".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
        part.replace(place)
    except OSError:
        with suppress(OSError):
            part.unlink()
        return False
    return True


def make_room(path: Path, least: int = WAL_LIMIT) -> bool:
    """Before a store is opened on a disk that is all but full: gives up the ballast. True when it did."""
    return free(path) < least and release(path)


def private(folder: Path) -> None:
    """Makes ``folder`` for this user alone; a folder that is there keeps its mode."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
