namespace VisionPlatform.Domain.Errors;

// Codes of signing in, accounts and permissions.
public static partial class ErrorCodes
{
    public static readonly ErrorCode Unauthenticated = User(401, "UNAUTHENTICATED", "Sign in first.", "Send a valid access token in the Authorization header.");
    public static readonly ErrorCode TokenExpired = User(401, "TOKEN_EXPIRED", "The access token has expired.", "Get a new one with the refresh token.");
    public static readonly ErrorCode InvalidCredentials = User(401, "INVALID_CREDENTIALS", "E-mail and password do not match.", "Check both and try again.");
    public static readonly ErrorCode InvalidRefreshToken = User(401, "INVALID_REFRESH_TOKEN", "The refresh token is no longer valid.", "Sign in again.");
    public static readonly ErrorCode TooManyAttempts = User(429, "TOO_MANY_ATTEMPTS", "Too many failed attempts.", "Wait and try again.");
    public static readonly ErrorCode PasswordChangeRequired = User(403, "PASSWORD_CHANGE_REQUIRED", "You must change the one-time password first.", "Send the new password to PUT /api/v1/auth/password.");
    public static readonly ErrorCode WeakPassword = User(422, "WEAK_PASSWORD", "The password is too easy to guess.", "Use at least 12 characters that are not a common password.");
    public static readonly ErrorCode InvalidLink = User(422, "INVALID_LINK", "The link is no longer valid.", "Ask for a new one.");
    public static readonly ErrorCode SignUpClosed = User(403, "SIGN_UP_CLOSED", "Sign-up is closed.", "Ask an administrator for an account.");
    public static readonly ErrorCode InvitationRequired = User(403, "INVITATION_REQUIRED", "You need an invitation to sign up.", "Ask a person who has an account to invite you.");
    public static readonly ErrorCode InvalidClient = User(401, "INVALID_CLIENT", "The service is unknown or its secret is wrong.", "Check the client id and secret.");
    public static readonly ErrorCode Forbidden = User(403, "FORBIDDEN", "You may not do that.", "Ask an owner of the project or an administrator for the permission named.");
    public static readonly ErrorCode OwnsProjects = User(409, "OWNS_PROJECTS", "The account still owns projects.", "Transfer or delete its projects first.");
    public static readonly ErrorCode LastAdministrator = User(409, "LAST_ADMINISTRATOR", "This is the last active administrator.", "Make somebody else an administrator first.");
    public static readonly ErrorCode OwnAccount = User(409, "OWN_ACCOUNT", "You cannot do this to your own account.", "Ask another administrator.");
    public static readonly ErrorCode EmailTaken = User(409, "EMAIL_TAKEN", "Another account has this e-mail address.", "Choose another address.");
}
