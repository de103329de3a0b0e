"""What is kept: model files. Everything is JSON and arrays of numbers; nothing that is read can run."""
