-- LISTEN takes no parameter: the channel is put in place of its name.
LISTEN :channel
