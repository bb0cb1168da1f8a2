"""microsoft/microsoft-graph and microsoft/microsoft-graph-beta with their credentials, run once with 3.4.0 and 3.0.0.

They were put together by hand for that: composer has never run here.
"""
