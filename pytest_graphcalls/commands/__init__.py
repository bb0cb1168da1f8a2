"""What the command line does: one module per command, each with ``run(args) -> exit code``."""
