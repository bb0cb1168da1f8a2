"""Recordings of contract runs, shipped as data (see README.md beside this file)."""
