"""msgraph-sdk and msgraph-beta-sdk, and Microsoft's validators of notifications in Python."""
