namespace VisionPlatform.Domain.Errors;

// Codes of projects and their members.
public static partial class ErrorCodes
{
    public static readonly ErrorCode AlreadyMember = User(409, "ALREADY_MEMBER", "The person is already a member.", "Change the role of the member instead.");
    public static readonly ErrorCode OwnerStays = User(409, "OWNER_STAYS", "The owner of a project cannot leave it or be removed.", "Transfer the project to another member first.");
}
