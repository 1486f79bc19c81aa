"""The embedded model and the embedded store in one process apart, shared by everything that runs on this machine.

`client.py` starts it when it is needed; `service.py` is what runs in it; it ends when nobody needs it.
"""
