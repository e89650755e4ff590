"""Many keys, one query: every statement of the read side, written once, narrowed to what the viewer may see."""
