-- Runs once for each connection.
-- Statements are prepared while tables are small, where reading them whole looks cheap, and then run on large ones; none is meant to read a
-- table whole. None runs so long that compiling it pays.
SET enable_seqscan = off;
SET jit = off;
