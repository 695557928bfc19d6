"""Files that only this user reads, written whole or not at all."""

import os
import tempfile
from pathlib import Path
from typing import Optional

from .words import CommandError


def private_folder(folder: Path) -> Path:
    """Made with mode 700 where it is not there, and given that mode where it is wider."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Readers see the old file or the new one. A symbolic link stays one: what it leads to is written."""
    target = Path(os.path.realpath(path))
    # mkstemp makes it with mode 600.
    handle, scratch = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode != 0o600:
            os.chmod(scratch, mode)
        os.replace(scratch, target)
    except BaseException:
        os.unlink(scratch)
        raise


def read_private(path: Path) -> Optional[bytes]:
    """None where there is no such file.

    :raises CommandError: `local`, where others could have read or written it.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if os.name == "posix" and (found.st_uid != os.geteuid() or found.st_mode & 0o077):
                raise CommandError("local", f"Others may read {path}: delete it and sign in again, and revoke the old sign-in.")
            return file.read()
    except FileNotFoundError:
        return None
