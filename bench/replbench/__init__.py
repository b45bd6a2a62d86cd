"""What the benchmark programs share: a pair that is brought to rest before each fault, the clients that write
meanwhile, and the table of what was measured."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lab"))
