"""microsoft/microsoft-graph and microsoft/microsoft-graph-beta, both 2, with their credentials. Never run until now."""
