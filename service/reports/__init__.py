"""Reports on the whole portfolio: made by commands at night, kept in the log, shown by pages."""
