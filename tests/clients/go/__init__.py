"""msgraph-sdk-go and msgraph-beta-sdk-go with azidentity."""
