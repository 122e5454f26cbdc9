"""The nouns: pair, candle, days and windows, instants, averages, and how prices and days are written.

May import: nothing of the project. Pure: opens nothing and reads no clock.
"""
