"""The command `task-router`: from a computer to tasks by name, through the router's HTTPS port, signed in."""
