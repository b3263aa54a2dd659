// Replaced by the command table.
return 0;
