"""The first code of a handler's process: bind its life to the stack's, then be a Lambda.

Run by file name, `python -P dev/stack/worker.py SUPERVISOR_PID app.lambda_handler`, in
the function's folder. A process killed with -9 cannot end its children, so they watch it: a parked
handler would notice that its Runtime API is gone, a busy or hung one would not.
"""

import os
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Become AWS's runtime client for the handler named on the command line."""
    supervisor, handler = int(sys.argv[1]), sys.argv[2]
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from dev.programs.processes import exit_with_parent  # noqa: PLC0415 - needs the path just set

    exit_with_parent()
    if os.getppid() != supervisor:  # it died before we began to watch
        os._exit(0)
    # A handler must see what it sees in the cloud: its own folder first, and no `dev`.
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "dev"]:
        del sys.modules[name]
    sys.argv = ["awslambdaric", handler]
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
