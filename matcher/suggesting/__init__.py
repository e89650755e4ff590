"""The mapping assistant: a layout that no contract describes, read from its headings and contents, for a person to confirm."""
