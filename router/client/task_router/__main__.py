"""`python -m task_router`, and the file by which the command starts itself where it has no script."""

from task_router._command.main import main

main()
