"""The matcher: a process that holds the fingerprints of active, consenting cases in memory and compares what is met.

Two sockets. The trusted one is asked by jobs which of a page's media resemble a case. The other takes faces from the
fetcher, answers nothing but "received", and keeps of them only which cases they resemble, for ten minutes.
"""
