"""The classifier: probabilities from inputs, y = softmax(x W + b), trained by maximising the same likelihood."""
