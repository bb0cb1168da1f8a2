"""pytest plugin, simulator and contract tests for the Microsoft Graph calls API."""
