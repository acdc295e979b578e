"""The wire side of the world: one module per protocol, all in one asyncio process."""
