"""Why somebody listens to a recording."""

from enum import StrEnum


class ListeningReason(StrEnum):
    """The reason, which a person gives before anything is played."""

    COMPLAINT = "complaint"
    QUALITY = "quality"
    FACTS = "facts"
    TRAINING = "training"
    OTHER = "other"
    """Needs an explanation in words."""
