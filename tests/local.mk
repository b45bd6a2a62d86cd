# What this folder adds to the build.

EXTRA_DIST += tests/run tests/results.py \
	tests/quickstart/build.sh tests/quickstart/failover tests/quickstart/packages.sh
TESTS += tests/quickstart/test_packages.sh tests/test_results.py
EXTRA_DIST += tests/quickstart/test_packages.sh tests/test_results.py
TESTS += tests/check-man tests/test_completion.bash tests/check-units
EXTRA_DIST += tests/check-man tests/test_completion.bash tests/check-units tests/FOUND.md
TESTS += tests/check-layers tests/check-style
EXTRA_DIST += tests/check-layers tests/check-style
