"""Adapters: one module per HTTP client, SDK or server interface, and nowhere else is it named."""
