"""The model folder: a bundle with what MLflow needs to load and serve it, and no pickle."""

import logging
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from models.score.manifest import GOLDEN_FEATURES, read_manifest
from training.lineage import package_version

CODE = Path(__file__).with_name("served_model.py")
EXAMPLES = 3  # rows of the input example
OUTPUTS = ("probability", "log_odds")


def save_model(folder: Path, bundle: Path) -> None:
    """Make the model folder `folder`, new or empty, of the bundle in `bundle`.

    It has MLflow's file `MLmodel` at its root and the bundle, unchanged, under `artifacts` by
    its folder's own name. Golden rows are the input example. Raises BundleError where the
    bundle is not sound.
    """
    names = [feature.name for feature in read_manifest(bundle).features]
    example = np.load(bundle / GOLDEN_FEATURES, allow_pickle=False)[:EXAMPLES]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's use of its libraries: theirs to mend
        import mlflow.pyfunc
        from mlflow.models import ModelSignature
        from mlflow.types import ColSpec, DataType, Schema

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        mlflow.pyfunc.save_model(
            str(folder),
            python_model=str(CODE),
            artifacts={"bundle": str(bundle)},
            signature=ModelSignature(
                inputs=Schema([ColSpec(DataType.double, name) for name in names]),
                outputs=Schema([ColSpec(DataType.double, name) for name in OUTPUTS]),
            ),
            input_example=pd.DataFrame(example, columns=names),
            # Told outright: else MLflow would load the model to find out what it imports.
            pip_requirements=[f"curescore=={package_version()}"],
        )
