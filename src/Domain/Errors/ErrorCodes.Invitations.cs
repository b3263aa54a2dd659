namespace VisionPlatform.Domain.Errors;

// Codes of invitations.
public static partial class ErrorCodes
{
    public static readonly ErrorCode AlreadyInvited = User(409, "ALREADY_INVITED", "The person has already been invited.", "Resend or cancel the existing invitation.");
    public static readonly ErrorCode InvitationInvalid = User(404, "INVITATION_INVALID", "The invitation is not valid.", "Use the link in the newest mail, or ask for a new invitation.");
    public static readonly ErrorCode InvitationExpired = User(410, "INVITATION_EXPIRED", "The invitation has expired.", "Ask for a new invitation.");
    public static readonly ErrorCode InvitationForAnother = User(403, "INVITATION_FOR_ANOTHER", "The invitation is for another e-mail address.", "Sign in or sign up with the address that it was sent to.");
}
