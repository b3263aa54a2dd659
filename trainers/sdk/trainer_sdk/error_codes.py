"""The error codes that trainers may use.

Written by ``./platform errors`` from ``src/Domain/Errors/ErrorCodes.*.cs``: change the codes there, then run the command.
"""

from typing import Literal

Category = Literal["user", "transient", "permanent"]

#: Codes of a ``failed`` event, with the category of each.
FAILURE_CODES: dict[str, Category] = {
    "CANCELLED": "user",  # It was cancelled.
    "CHECKPOINT_INVALID": "permanent",  # The checkpoint cannot be loaded.
    "DATASET_CHECKSUM_MISMATCH": "permanent",  # An image differs from the one in the dataset version.
    "DATASET_INVALID": "user",  # The dataset cannot be trained on.
    "EXPORT_VALIDATION_FAILED": "permanent",  # The exported model gives other results than the checkpoint.
    "FRAMEWORK_ERROR": "permanent",  # The framework failed.
    "INVALID_CONFIG": "user",  # The training configuration is not valid.
    "LOSS_DIVERGED": "user",  # The loss became infinite or is not a number.
    "NETWORK_ERROR": "transient",  # The network failed.
    "OUT_OF_MEMORY": "user",  # The training ran out of memory.
    "STORAGE_ERROR": "transient",  # The object store failed.
    "TRAINER_CRASHED": "transient",  # The training process ended without a result.
    "WEIGHTS_INVALID": "user",  # The pretrained weights do not fit the model.
}

#: Codes of a reply that is not 2xx.
REPLY_CODES = frozenset(
    {
        "BODY_TOO_LARGE",  # The body is larger than this endpoint accepts.
        "IMAGE_TOO_LARGE",  # The image is larger than allowed.
        "INTERNAL_ERROR",  # Something went wrong on our side.
        "INVALID_CONFIG",  # The training configuration is not valid.
        "INVALID_IMAGE",  # An image cannot be read.
        "INVALID_REQUEST",  # The trainer does not understand the request.
        "LENGTH_REQUIRED",  # The trainer needs the length of the body.
        "MALFORMED_JSON",  # The body is not valid JSON.
        "MODEL_INVALID",  # The model file cannot be loaded.
        "NETWORK_ERROR",  # The network failed.
        "NOT_FOUND",  # It does not exist, or you may not see it.
        "STORAGE_ERROR",  # The object store failed.
        "TRAINER_BUSY",  # The trainer has no free slot.
        "TRAINER_STOPPING",  # The trainer is stopping.
        "UNAUTHORIZED",  # The trainer refuses the platform's API key.
        "UNKNOWN_EXPORT_FORMAT",  # The trainer cannot export this format.
        "UNKNOWN_JOB",  # The trainer does not know the job.
        "UNKNOWN_MODEL",  # The trainer does not know this model.
        "UNKNOWN_MODEL_FORMAT",  # The trainer does not serve models of this format.
        "UNKNOWN_TASK_TYPE",  # The trainer does not support this task.
        "UNSUPPORTED_KIND",  # The trainer does not support this kind of job.
    }
)
