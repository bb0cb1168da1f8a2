"""Plugins of our own tests."""

pytest_plugins = ["pytester"]
