"""Practice for new caseworkers, in an organisation where nothing is real."""
