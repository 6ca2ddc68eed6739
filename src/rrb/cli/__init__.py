"""The command line: one file per command, and `main`, where every error becomes one sentence."""
