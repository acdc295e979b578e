"""The programmes that ours are measured beside, in a virtual environment and a process of their own."""
