namespace VisionPlatform.Domain.Errors;

// Codes of exports.
public static partial class ErrorCodes
{
    public static readonly ErrorCode TaskNotSupported = User(422, "TASK_NOT_SUPPORTED", "This is not possible for models of this task.", "Download the checkpoint of the model version, or choose another format.");
    public static readonly ErrorCode UnknownExportFormat = User(422, "UNKNOWN_EXPORT_FORMAT", "The trainer cannot export this format.", "See GET /api/v1/training/capabilities.", TrainerUse.Reply);
    public static readonly ErrorCode ExportValidationFailed = Permanent(422, "EXPORT_VALIDATION_FAILED", "The exported model gives other results than the checkpoint.", "Try another opset or format.", TrainerUse.Failure);
}
