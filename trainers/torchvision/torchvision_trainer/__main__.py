"""``python3 -m torchvision_trainer --host 127.0.0.1 --port 7301``."""

import sys

from trainer_sdk.cli import main

if __name__ == "__main__":
    sys.exit(main("torchvision_trainer.framework:TorchvisionFramework"))
