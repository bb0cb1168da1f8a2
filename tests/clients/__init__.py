"""Microsoft's own clients on `graphcalls serve`, each in its language and without a changed line.

`samples.py` has the tests, once for all languages. A folder for each language has a program that does what it is asked
with an SDK (`programs.py` says how they talk), and the test class that names it; `make test-sdk-LANGUAGE` runs one.
"""
