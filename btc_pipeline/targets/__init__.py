"""Luigi targets and their markers: is a step done?

May import: errors, market, system, warehouse.
"""
