"""Adapters for HTTP clients: one module per client or SDK, the only one that names it."""
