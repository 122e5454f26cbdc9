"""Luigi targets and their markers: is a step done?"""
