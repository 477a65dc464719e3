"""The others' side: runs in their own environment and imports none of this project's packages."""
