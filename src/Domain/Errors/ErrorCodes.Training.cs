namespace VisionPlatform.Domain.Errors;

// Codes of training jobs and their attempts.
public static partial class ErrorCodes
{
    public static readonly ErrorCode UnknownFramework = User(422, "UNKNOWN_FRAMEWORK", "No trainer offers this framework.", "See GET /api/v1/training/capabilities.");
    public static readonly ErrorCode UnknownModel = User(422, "UNKNOWN_MODEL", "The trainer does not know this model.", "See GET /api/v1/training/capabilities.", TrainerUse.Reply);
    public static readonly ErrorCode InvalidConfig = User(422, "INVALID_CONFIG", "The training configuration is not valid.", "Correct the field named; the schema is in GET /api/v1/training/capabilities.", TrainerUse.Failure | TrainerUse.Reply);
    public static readonly ErrorCode DatasetInvalid = User(422, "DATASET_INVALID", "The dataset cannot be trained on.", "See the message. Correct the dataset and publish a new version.", TrainerUse.Failure);
    public static readonly ErrorCode DatasetChecksumMismatch = Permanent(502, "DATASET_CHECKSUM_MISMATCH", "An image differs from the one in the dataset version.", "Ask an operator to check the object store.", TrainerUse.Failure);
    public static readonly ErrorCode CheckpointInvalid = Permanent(422, "CHECKPOINT_INVALID", "The checkpoint cannot be loaded.", "Start a new job.", TrainerUse.Failure);
    public static readonly ErrorCode WeightsMissing = User(422, "WEIGHTS_MISSING", "The model has no pretrained weights.", "Train without them, or ask an operator to import them: platform-cli weights import.");
    public static readonly ErrorCode WeightsInvalid = User(422, "WEIGHTS_INVALID", "The pretrained weights do not fit the model.", "See the message. Ask an operator to import a file that fits: platform-cli weights import.", TrainerUse.Failure);
    public static readonly ErrorCode OutOfMemory = User(422, "OUT_OF_MEMORY", "The training ran out of memory.", "Use a smaller batch size, image size or model.", TrainerUse.Failure);
    public static readonly ErrorCode LossDiverged = User(422, "LOSS_DIVERGED", "The loss became infinite or is not a number.", "Use a lower learning rate, or clip the gradients.", TrainerUse.Failure);
    public static readonly ErrorCode NoSuggestion = User(409, "NO_SUGGESTION", "The job has no change to try.", "Send the fields to change in config.");
    public static readonly ErrorCode SweepFoundNothing = User(422, "SWEEP_FOUND_NOTHING", "No run of the sweep completed.", "See the failures of its runs.");
    public static readonly ErrorCode NotComparable = User(409, "NOT_COMPARABLE", "The predictions cannot be compared image by image.", "Compare two predictions of one dataset version that were measured and have completed.");
    public static readonly ErrorCode NetworkError = Transient(503, "NETWORK_ERROR", "The network failed.", "The platform tries again.", TrainerUse.Failure | TrainerUse.Reply);
    public static readonly ErrorCode FrameworkError = Permanent(500, "FRAMEWORK_ERROR", "The framework failed.", "See the job's log.", TrainerUse.Failure);
    public static readonly ErrorCode AttemptCancelled = User(409, "CANCELLED", "It was cancelled.", "Start a new one.", TrainerUse.Failure);
    public static readonly ErrorCode AttemptEnded = User(410, "ATTEMPT_ENDED", "This attempt has ended.", "The trainer should stop working on it.");
    public static readonly ErrorCode InvalidAttemptToken = User(401, "INVALID_ATTEMPT_TOKEN", "The token does not belong to this attempt.", "Use the token given when the job was started.");
}
