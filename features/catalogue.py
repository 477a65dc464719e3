"""The catalogue: all features, family by family."""

from features import contact, delinquency, exposure, payment
from features.feature import Feature

CATALOGUE: tuple[Feature, ...] = (
    *delinquency.FAMILY.features,
    *payment.FAMILY.features,
    *exposure.FAMILY.features,
    *contact.FAMILY.features,
)
NAMES: tuple[str, ...] = tuple(feature.name for feature in CATALOGUE)
BY_NAME: dict[str, Feature] = {feature.name: feature for feature in CATALOGUE}
