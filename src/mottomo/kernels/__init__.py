"""The hot loops: numpy statements of the mathematics that everything above rests on."""
