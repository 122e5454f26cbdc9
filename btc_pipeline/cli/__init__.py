"""The command line beside Luigi's, as thin as it can be over the same tasks and functions.

Imports click, and what a command shows only when it is called; the tasks never import it.
"""
