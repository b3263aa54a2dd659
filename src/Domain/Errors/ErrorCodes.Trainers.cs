namespace VisionPlatform.Domain.Errors;

// Codes of trainers and of the connection to them. Callers of the platform never see those with TrainerUse.InternalReply.
public static partial class ErrorCodes
{
    public static readonly ErrorCode TrainerUnavailable = Transient(503, "TRAINER_UNAVAILABLE", "The trainer does not answer.", "Try again in a moment. If it happens again, ask an operator to check the trainer.");
    public static readonly ErrorCode TrainerSilent = Transient(503, "TRAINER_SILENT", "The trainer stopped sending heartbeats.", "The next attempt starts from the last checkpoint.");
    public static readonly ErrorCode TrainerCrashed = Transient(503, "TRAINER_CRASHED", "The training process ended without a result.", "The next attempt starts from the last checkpoint.", TrainerUse.Failure);
    public static readonly ErrorCode TrainerNotStarted = Permanent(502, "TRAINER_NOT_STARTED", "The trainer could not be started.", "Ask an operator to check the trainer's job on Azure.");
    public static readonly ErrorCode TrainerBusy = Transient(503, "TRAINER_BUSY", "The trainer has no free slot.", "A job waits for one. Repeat a prediction after the time in Retry-After.", TrainerUse.Reply);
    public static readonly ErrorCode TrainerProtocol = Permanent(502, "TRAINER_PROTOCOL_ERROR", "The trainer sent an answer that the protocol does not define.", "Update the trainer.");
    public static readonly ErrorCode UnknownTaskType = User(422, "UNKNOWN_TASK_TYPE", "The trainer does not support this task.", "See GET /api/v1/training/capabilities.", TrainerUse.Reply);
    public static readonly ErrorCode UnsupportedKind = User(422, "UNSUPPORTED_KIND", "The trainer does not support this kind of job.", "Use a trainer that supports it.", TrainerUse.Reply);
    public static readonly ErrorCode TrainerRequest = Permanent(422, "INVALID_REQUEST", "The trainer does not understand the request.", "Update the trainer: it speaks another version of the protocol.", TrainerUse.InternalReply);
    public static readonly ErrorCode LengthRequired = Permanent(411, "LENGTH_REQUIRED", "The trainer needs the length of the body.", "Send a Content-Length.", TrainerUse.InternalReply);
    public static readonly ErrorCode TrainerKeyRefused = Permanent(401, "UNAUTHORIZED", "The trainer refuses the platform's API key.", "Give the platform and the trainer the same TRAINER_API_KEY.", TrainerUse.InternalReply);
    public static readonly ErrorCode UnknownJob = Transient(404, "UNKNOWN_JOB", "The trainer does not know the job.", "A trainer forgets its jobs when it restarts. The next attempt starts from the last checkpoint.", TrainerUse.InternalReply);
    public static readonly ErrorCode UnknownModelFormat = Permanent(422, "UNKNOWN_MODEL_FORMAT", "The trainer does not serve models of this format.", "Export the model to a format that the trainer serves.", TrainerUse.InternalReply);
    public static readonly ErrorCode ModelInvalid = Permanent(422, "MODEL_INVALID", "The model file cannot be loaded.", "Export the model again.", TrainerUse.InternalReply);
    public static readonly ErrorCode TrainerStopping = Transient(503, "TRAINER_STOPPING", "The trainer is stopping.", "Try again after it has restarted.", TrainerUse.InternalReply);
}
