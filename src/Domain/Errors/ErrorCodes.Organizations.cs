namespace VisionPlatform.Domain.Errors;

// Codes of organizations and limits.
public static partial class ErrorCodes
{
    public static readonly ErrorCode QuotaExceeded = User(403, "QUOTA_EXCEEDED", "A limit has been reached.", "See quota for the limit. Delete what you no longer need, wait for what still runs, or ask an administrator for more.");
    public static readonly ErrorCode OtherOrganization = User(409, "OTHER_ORGANIZATION", "The person belongs to another organization.", "An administrator must remove the person from it first.");
    public static readonly ErrorCode OrganizationNotEmpty = User(409, "ORGANIZATION_NOT_EMPTY", "People still belong to the organization.", "Remove them from it first.");
}
