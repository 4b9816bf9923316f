# SPDX-License-Identifier: Apache-2.0

"""PyTorch's side of a comparison: reads requests from standard input, one line of JSON each, and answers likewise.

    {"command": "start", "setting": {
        "threads": 2, "dtype": "f32", "device": "cpu", "isCompiled": false, "layout": "auto", "configuration": {...}}}
    {"command": "prepare", "work": {"work": "convolution", "sizes": {"side": 64, "inputs": 320, "outputs": 320}}}
    {"command": "run", "repeats": 1}        -> {"seconds": 0.04}, for each repeat; a job adds {"stages": {...}}
    {"command": "forget"}
    {"command": "memory"}                   -> {"peakBytes": ...}

The work stays prepared between runs, so that both sides can take turns. The process ends with its input.
"""

import ctypes
import gc
import json
import os
import resource
import sys
import threading
import time

# Libraries may write to standard output; replies have a descriptor of their own.
replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def reply(**fields):
    replies.write(json.dumps(fields) + "\n")
    replies.flush()


def end_with(parent):
    """A compiler at work does not see the end of its input: the process also ends with the one that started it."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


class Peer:
    def __init__(self):
        self.setting, self.run, self.is_job, self.learns = None, None, False, False

    def start(self, setting):
        import torch

        import work

        torch.set_num_threads(setting["threads"])
        self.torch, self.work = torch, work
        self.setting = work.Setting(
            setting["dtype"], setting["layout"], setting["configuration"], setting["device"], setting["isCompiled"])
        on_card = setting["device"] == "cuda"
        capability = torch.cuda.get_device_name() if on_card else torch.backends.cpu.get_cpu_capability()
        reply(version=torch.__version__, threads=torch.get_num_threads(), capability=capability)

    def mode(self):
        return self.torch.enable_grad() if self.learns else self.torch.inference_mode()

    def prepare(self, work):
        self.forget_work()
        self.learns = work["work"] == "training"
        with self.mode():
            self.run, layout = self.work.WORK[work["work"]](self.setting, **work["sizes"])
            self.is_job = work["work"] == "job"
            # A job is timed as it comes, like ours; anything else is warm.
            if not self.is_job:
                self.run()
                self.setting.wait()
        reply(layout=layout)

    def turn(self, repeats):
        with self.mode():
            self.setting.wait()
            start = time.perf_counter()
            for _ in range(repeats):
                result = self.run()
            self.setting.wait()
            seconds = (time.perf_counter() - start) / repeats
        reply(seconds=seconds, **({"stages": result} if self.is_job else {}))

    def forget_work(self):
        self.run = None
        gc.collect()
        try:
            # Freed weights go back to the system, so that what comes next has the memory.
            ctypes.CDLL(None).malloc_trim(0)
        except (AttributeError, OSError):
            pass

    def peak(self):
        if self.setting and self.setting.device == "cuda":
            return self.torch.cuda.max_memory_allocated()
        try:
            with open("/proc/self/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) * 1024
        except (OSError, StopIteration):
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def answer(self, request):
        command = request["command"]
        if command == "start":
            self.start(request["setting"])
        elif command == "prepare":
            self.prepare(request["work"])
        elif command == "run":
            self.turn(request.get("repeats", 1))
        elif command == "forget":
            self.forget_work()
            reply()
        elif command == "memory":
            reply(peakBytes=self.peak())
        else:
            reply(error=f"unknown command {command}")


def main():
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    peer = Peer()
    for line in sys.stdin:
        try:
            peer.answer(json.loads(line))
        except ImportError as error:
            reply(error=str(error), isMissing=True)
        except Exception as error:  # Whatever it is, the other side must hear of it.
            reply(error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
