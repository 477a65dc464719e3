"""Levels, treatments, rules and changes in words, in English and Chinese.

A decision stores codes; the words are looked up when it is read.
"""
