"""What two questions have in common and where they differ, as numbers: the evidence the judge weighs."""
