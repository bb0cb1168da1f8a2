"""Microsoft.Graph and Microsoft.Graph.Beta, both 5, with Azure.Identity. Never run until now."""
