"""Microsoft's published metadata, OpenAPI and reference pages, compared with the contract."""
