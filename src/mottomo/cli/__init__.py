"""The command line: parse, call, render. One file a command; nothing heavy is imported before it is needed."""
