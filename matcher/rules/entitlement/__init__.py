"""Rules about aid that a household may be entitled to and does not receive."""
