"""Local ends of what goes to tasks: standard input and output, and ports of this computer."""
