"""``python3 -m timm_trainer --host 127.0.0.1 --port 7303``."""

import sys

from trainer_sdk.cli import main

if __name__ == "__main__":
    sys.exit(main("timm_trainer.framework:TimmFramework"))
