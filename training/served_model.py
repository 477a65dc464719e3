"""The bundle as MLflow serves it: this file is kept with each registered model and run to load it.

MLflow's "models from code": the model is this source beside the bundle, so nothing is pickled.
Only MLflow imports it; it needs the package curescore where it runs.
"""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from models.score.bundle import Bundle, load
from models.score.scores import score_matrix


class ServedModel(PythonModel):
    """Feature columns in; `probability` and `log_odds` out, one row for each row."""

    bundle: Bundle

    def load_context(self, context: PythonModelContext) -> None:
        """Load and verify the bundle; BundleError where it must not be served."""
        self.bundle = load(Path(context.artifacts["bundle"]))

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Score every row of the frame, whose columns are the bundle's features."""
        features = model_input[list(self.bundle.features)].to_numpy("float64")
        scores = score_matrix(self.bundle, features)
        return pd.DataFrame(
            {"probability": scores.probability, "log_odds": scores.log_odds},
            index=model_input.index,
        )


mlflow.models.set_model(ServedModel())
