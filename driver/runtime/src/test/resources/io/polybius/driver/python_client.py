"""What a client does with jobs: writes a function that is called job, and reads results. One line of JSON for each."""

import base64
import json
import pickle
import sys
import types

from pyspark import cloudpickle

for line in sys.stdin:
    asked = json.loads(line)
    if "source" in asked:
        module = types.ModuleType("__main__")
        exec(asked["source"], module.__dict__)
        written = cloudpickle.dumps(module.job)
        if asked["strange"]:
            # An instruction that no Python has.
            code = module.job.__code__.co_code
            written = written.replace(code, b"\xfe\x00" + code[2:])
        answer = base64.b64encode(written).decode()
    else:
        answer = repr(pickle.loads(base64.b64decode(asked["result"])))
    print(json.dumps(answer), flush=True)
