"""The classifier: probabilities from inputs, y = softmax(features @ weights), trained by the same likelihood."""
