"""The local stack: everything the cloud provides, on one machine. Never shipped."""
