"""Scores photos with the Gamma image quality model.

>>> from gamma_wasm import Scorer
>>> Scorer()(["a.jpg", "b.jpg"])["score"]
[0.53, 0.47]
"""

from ._binary import find_gamma
from ._scorer import COLUMNS, Columns, Scorer

__all__ = ["COLUMNS", "Columns", "Scorer", "find_gamma"]
