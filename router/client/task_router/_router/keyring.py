"""The system's keyring, where the package `keyring` (the extra of that name) is installed and a keyring is open."""

from importlib import import_module
from typing import Any, Optional

SERVICE = "task-router"


def _keyring() -> Optional[Any]:
    try:
        module = import_module("keyring")
        # Where there is none it has a stand-in of priority 0 that refuses everything.
        return module if module.get_keyring().priority > 0 else None
    except Exception:
        return None


def keep(url: str, token: str) -> bool:
    """False where it cannot be kept there."""
    module = _keyring()
    try:
        if module is None:
            return False
        module.set_password(SERVICE, url, token)
        return bool(module.get_password(SERVICE, url) == token)
    except Exception:
        return False


def kept(url: str) -> Optional[str]:
    """None where there is none, or the keyring is closed."""
    module = _keyring()
    try:
        found = None if module is None else module.get_password(SERVICE, url)
        return found if isinstance(found, str) else None
    except Exception:
        return None


def forget(url: str) -> None:
    """Does nothing where there is none."""
    module = _keyring()
    try:
        if module is not None:
            module.delete_password(SERVICE, url)
    except Exception:
        return
