"""The contract of the Microsoft Graph calls API: data, and the tests that hold a target to it."""
