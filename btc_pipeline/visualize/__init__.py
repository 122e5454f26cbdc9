"""The step Visualize: charts and the report, drawn in a process of its own."""
