"""The task side of the real clearml-session, without the programs that it would start.

Everything that speaks to ClearML is clearml-session's own code: it reads its parameters, finds its address, asks for
the SSH port. What would change this machine (SSH server, Jupyter, VS Code, init scripts) is left out. Reads the SSH
port from the environment, answers one JSON line when it has asked, and is gone at once when its input ends, as if it
had been killed.
"""

import json
import os
import sys

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

from clearml_session import interactive_session_task as session  # noqa: E402


def keep_running(*_args, **_kwargs):
    print(json.dumps({"asked": True}), file=answers, flush=True)
    sys.stdin.read()
    os._exit(0)


session.setup_ssh_server = lambda *_args, **_kwargs: int(os.environ["LAB_SSH_PORT"])
session.start_jupyter_server = keep_running
for name in (
    "run_user_init_script",
    "restore_workspace",
    "setup_user_env",
    "start_vscode_server",
    "sync_workspace_snapshot",
):
    setattr(session, name, lambda *_args, **_kwargs: None)

session.main()
