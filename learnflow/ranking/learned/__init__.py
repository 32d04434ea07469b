"""The learned ranker: features, training, the model file and what serves it.

Nothing is imported here: NumPy and LightGBM load only where a model is trained or asked.
"""
