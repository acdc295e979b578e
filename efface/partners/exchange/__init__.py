"""Exchange of hash lists and redacted notices with others, as files: an adapter, a folder. Each is off until a
coordinator records what was agreed. Nothing is sent from here: a person carries the file."""
