"""The catalogue: all features, family by family."""

from features import (
    contact,
    delinquency,
    exposure,
    payment,
    promises,
    receipts,
    regularity,
    responses,
    rolls,
)
from features.feature import Family, Feature

FAMILIES: tuple[Family, ...] = (
    delinquency.FAMILY,
    rolls.FAMILY,
    payment.FAMILY,
    regularity.FAMILY,
    receipts.FAMILY,
    exposure.FAMILY,
    contact.FAMILY,
    promises.FAMILY,
    responses.FAMILY,
)
CATALOGUE: tuple[Feature, ...] = tuple(f for family in FAMILIES for f in family.features)
NAMES: tuple[str, ...] = tuple(feature.name for feature in CATALOGUE)
BY_NAME: dict[str, Feature] = {feature.name: feature for feature in CATALOGUE}
