"""The step VerifyData: is this response what was asked for?"""
