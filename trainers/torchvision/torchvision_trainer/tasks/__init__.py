"""What differs between tasks: a module for each, with its networks, its loss and its measures."""
