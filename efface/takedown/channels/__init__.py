"""The ways of reaching somebody who can act: one folder each, found by ``registry``."""
