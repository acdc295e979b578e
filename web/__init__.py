"""Scripts of the pages, in TypeScript, and how they are built."""
