"""The step Publish: the tested tables become the readers' file by one rename."""
