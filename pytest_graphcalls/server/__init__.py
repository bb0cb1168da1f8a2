"""The simulator on a socket: ASGI application, HTTP server, TLS, and the control API of ``graphcalls serve``."""
