"""The registry of what studies take."""

from typing import Annotated

from pydantic import Field

from glossbench.settings.model import Flag, Model, Positive


class StudyCosts(Model):
    """Time and disk space of a study. Null is not measured yet."""

    file: str = Field(description="The study file.")
    run_here: Flag = Field(description="Whether its results were made on our machines.")
    hours: Positive | None = Field(None, description="Wall time of the first run without downloads.")
    disk_gb: Positive | None = Field(None, description="Size of its files in results/ and resources/.")
    machine: str | None = Field(None, description="Machine that it ran on.")
    where: str | None = Field(None, description="Where the numbers come from.")


class Costs(Model):
    """Time and disk space of studies, for REPRODUCING.md."""

    studies: Annotated[dict[str, StudyCosts], Field(min_length=1)] = Field(
        description="Studies by name, in the order of the page."
    )
    leads: str = Field(description="The study that the page leads with.")
    names: str = Field(description="The study whose commands and files the page names.")
    machine: str = Field(description="Machine of the estimates.")
