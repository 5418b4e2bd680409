"""The generated pages of docs/, and how their tables are written."""
