"""The step Visualize: charts and the report, drawn in a process of its own.

May import: errors, market, system, settings, warehouse, visualize.chart, visualize.report.
"""
