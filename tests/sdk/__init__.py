"""Microsoft's SDKs on the simulator; `make test-sdk` runs these, because the SDKs are large."""
