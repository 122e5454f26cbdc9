"""Injected faults: which check catches which?"""
