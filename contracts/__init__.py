"""The contract as data, and the tests that hold a target to it (``pytest --pyargs pytest_graphcalls.contracts``)."""
