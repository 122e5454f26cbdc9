"""The command line beside Luigi's: arguments, help, exit codes.

May import: errors, market, system, settings, observe, warehouse, terminal, steps, commands.
"""
