"""How other programs start this command again."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def own_words() -> list[str]:
    """The script that was started, or this Python with the package's own file: by neither does the folder one stands in matter,
    where a file of a name that Python imports may lie."""
    script = os.path.abspath(sys.argv[0])
    if Path(script).name.startswith("task-router") and os.access(script, os.X_OK):
        return [script]
    return [sys.executable, str(Path(__file__).resolve().parent.parent / "__main__.py")]


def shell_line(words: Sequence[str]) -> str:
    """For the shell of this system."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def proxy_command(url: str, endpoint_id: str) -> str:
    """What ssh runs; `%` is a sign of its own to it."""
    return shell_line([*own_words(), "_tunnel", "--router", url, endpoint_id]).replace("%", "%%")
