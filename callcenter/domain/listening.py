"""Why somebody listens to a recording."""

from enum import StrEnum


class ListeningReason(StrEnum):
    """What a person says before they hear anything."""

    COMPLAINT = "complaint"
    QUALITY = "quality"
    FACTS = "facts"
    TRAINING = "training"
    OTHER = "other"
    """It needs a few words."""
