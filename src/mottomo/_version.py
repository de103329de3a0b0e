"""The version, read by the build and by reports: the metadata of a package take ten times as long to look up."""

VERSION = "0.1.0"
