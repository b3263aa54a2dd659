"""A complete trainer to copy: softmax regression on small images, with numpy alone."""
