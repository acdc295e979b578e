"""What a person kept as proof (chat exports, mails, screenshots) read into plain facts. Runs inside the decoder."""
