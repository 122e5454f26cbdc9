"""The command line beside Luigi's: arguments, help, exit codes."""
