"""Bytes and pixels to fingerprints. Plain Python, usable alone; imports no other room.

onnxruntime's packages report to their maker over the network from version 1.29 on, under a device identifier that they
keep in the home folder, from the moment they are imported. The variable below, set before that, turns all of it off:
import onnxruntime after ``efface.vision``, never before (tests/vision/test_quiet.py watches both).
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
