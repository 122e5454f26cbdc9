"""The command line beside Luigi's: arguments, help, exit codes.

May import: errors, settings, observe, warehouse, terminal, steps, commands.
"""
