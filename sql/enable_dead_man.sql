-- Last: on a server that is writable and has no fencer the switch acts within a second.
ALTER DEFINER = 'replcheck-definer'@'localhost' EVENT replcheck.dead_man ENABLE
