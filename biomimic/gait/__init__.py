"""From continuous signals to strides: filters, gait events and time normalisation."""
