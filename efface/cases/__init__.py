"""Cases: who it is for, what they allowed, what happened. Ask ``cases.may.may(case, purpose)`` before any use."""
