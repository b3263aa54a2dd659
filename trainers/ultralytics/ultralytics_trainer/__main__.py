"""``python3 -m ultralytics_trainer --host 127.0.0.1 --port 7305``."""

import sys

from trainer_sdk.cli import main

if __name__ == "__main__":
    sys.exit(main("ultralytics_trainer.framework:UltralyticsFramework"))
