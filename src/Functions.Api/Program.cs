// Replaced by the composition root.
return 0;
