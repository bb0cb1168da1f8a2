"""Microsoft.Graph 5 and Microsoft.Graph.Beta with Azure.Identity. Never run."""
