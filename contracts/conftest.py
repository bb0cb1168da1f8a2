"""Nothing to do: the plugin chooses the target, runs each test once per version and skips what cannot be asked."""
