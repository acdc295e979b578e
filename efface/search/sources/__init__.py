"""Where copies are looked for beyond the crawl: one adapter a folder, one contract for all (``contract``)."""
