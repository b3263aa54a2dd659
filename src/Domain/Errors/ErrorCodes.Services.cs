namespace VisionPlatform.Domain.Errors;

// Codes of the services that the platform needs.
public static partial class ErrorCodes
{
    public static readonly ErrorCode StorageError = Transient(503, "STORAGE_ERROR", "The object store failed.", "Try again in a moment.", TrainerUse.Failure | TrainerUse.Reply);
    public static readonly ErrorCode StorageUnavailable = Transient(503, "STORAGE_UNAVAILABLE", "The object store does not answer.", "Try again in a moment.");
    public static readonly ErrorCode DatabaseUnavailable = Transient(503, "DATABASE_UNAVAILABLE", "The database does not answer.", "Try again in a moment.");
    public static readonly ErrorCode SchemaBehind = Permanent(503, "SCHEMA_BEHIND", "The database schema is older than the app.", "Run platform-cli database migrate.");
}
