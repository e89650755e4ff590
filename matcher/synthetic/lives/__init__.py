"""The ordinary records of households, a module a family of rules: what raises no lead, or is registered as one."""
