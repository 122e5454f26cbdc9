"""The command line beside Luigi's: arguments, help, exit codes.

May import: errors, market, settings, observe, warehouse, terminal, steps, commands.
"""
