"""What a person sees on standard output.

May import: errors, market, settings, observe, warehouse.
"""
