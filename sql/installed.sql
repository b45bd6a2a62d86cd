REPLACE INTO replcheck.installed (version, cluster, node) VALUES (@VERSION@, '@CLUSTER@', '@NODE@')
