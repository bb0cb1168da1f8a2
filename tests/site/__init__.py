"""The documentation site: its pages, and the parts of them that are generated from code and contract."""
