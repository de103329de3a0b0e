"""The hot loops, in C and in numpy: counting, cross-entropy, the training pass; and the threads that run them."""
