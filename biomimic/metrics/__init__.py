"""Numbers made from strides, each with the interval it deserves."""
