"""``python3 -m template_trainer --host 127.0.0.1 --port 7399``."""

import sys

from trainer_sdk.cli import main

if __name__ == "__main__":
    sys.exit(main("template_trainer.framework:TemplateFramework"))
