"""How the shipped cassettes are made."""
