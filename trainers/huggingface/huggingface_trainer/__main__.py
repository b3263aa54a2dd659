"""``python3 -m huggingface_trainer --host 127.0.0.1 --port 7304``."""

import sys

from trainer_sdk.cli import main

if __name__ == "__main__":
    sys.exit(main("huggingface_trainer.framework:HuggingFaceFramework"))
