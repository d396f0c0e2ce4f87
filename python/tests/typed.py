"""What a type checker sees of the package; nothing here runs."""

from pathlib import Path
from typing import Dict, List, Optional

from gamma_wasm import Columns, Scorer

scorer: Scorer = Scorer(crops=1, workers=2)
columns: Columns = scorer(["a.jpg", Path("b.jpg"), b"bytes"])
scores: List[Optional[float]] = columns["score"]
levels: List[Optional[Dict[str, float]]] = columns["levels"]
Scorer(cropz=1)  # type: ignore[call-arg]
