"""Foreign files in, our nouns out: one module per format."""
