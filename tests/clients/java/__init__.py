"""microsoft-graph 6 and microsoft-graph-beta with azure-identity."""
