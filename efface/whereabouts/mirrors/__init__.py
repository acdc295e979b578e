"""Which sites are run by one operator: from what they have in common, with the reasons, never by one thing."""
