"""The demo: the sign-board case and a batch of messages, played against the running system through its graph alone."""
