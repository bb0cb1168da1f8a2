"""microsoft/microsoft-graph 2 and microsoft/microsoft-graph-beta 2. Never run."""
