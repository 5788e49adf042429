"""The accsyn query language: its tree, and the modules that read, write and rewrite it. Pure: no I/O."""
