"""A world for look-ups: hundreds of sites, the companies behind them, and registries that answer as real ones do."""
