"""Nights on a simulator that drifts, and on one that does not."""
