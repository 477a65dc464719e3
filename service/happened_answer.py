"""What is answered to those who tell what happened, as OpenAPI shows it."""

from pydantic import Field

from service.intensity_answer import Answer


class RecordedAnswer(Answer):
    """What became of the events of a request; all that are new are recorded durably."""

    received: int
    new: int = Field(description="ids that were not known")
    corrected: int = Field(description="known ids with other content, which counts from now on")
    known: int = Field(description="told before, whether or not corrected since")
