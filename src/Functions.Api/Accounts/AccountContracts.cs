using System.ComponentModel.DataAnnotations;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Accounts;

/// <summary>E-mail address and password.</summary>
/// <param name="Email">E-mail address of the account, in upper or lower case.</param>
/// <param name="Password">Password of the account.</param>
public sealed record LoginRequest([property: StringLength(320)] string Email, [property: StringLength(PasswordRules.MaximumLength * 2)] string Password);

/// <summary>The refresh token of a session.</summary>
/// <param name="RefreshToken">Refresh token from the latest answer. It works once.</param>
public sealed record RefreshRequest([property: StringLength(512)] string RefreshToken);

/// <summary>The old and the new password.</summary>
/// <param name="CurrentPassword">Current password, or the one-time password of a new account.</param>
/// <param name="NewPassword">New password: at least 12 characters, and not a common password.</param>
public sealed record ChangePasswordRequest(
    [property: StringLength(PasswordRules.MaximumLength * 2)] string CurrentPassword, [property: StringLength(PasswordRules.MaximumLength * 2)] string NewPassword);

/// <summary>Data of a new account.</summary>
/// <param name="Email">E-mail address; it becomes the name to sign in with.</param>
/// <param name="Password">Password: at least 12 characters, and not a common password.</param>
/// <param name="FullName">Name of the person; may be left out.</param>
public sealed record SignUpRequest(
    [property: StringLength(320)] string Email, [property: StringLength(PasswordRules.MaximumLength * 2)] string Password, [property: Name(200)] string? FullName);

/// <summary>Confirmation of a sign-up.</summary>
/// <param name="Token">Token from the link in the mail.</param>
/// <param name="Password">Password that was chosen at sign-up.</param>
public sealed record ConfirmSignUpRequest([property: StringLength(512)] string Token, [property: StringLength(PasswordRules.MaximumLength * 2)] string Password);

/// <summary>Account whose password was forgotten.</summary>
/// <param name="Email">E-mail address of the account.</param>
public sealed record ForgotPasswordRequest([property: StringLength(320)] string Email);

/// <summary>A new password to replace a forgotten one.</summary>
/// <param name="Token">Token from the link in the mail.</param>
/// <param name="NewPassword">New password: at least 12 characters, and not a common password.</param>
public sealed record ResetPasswordRequest([property: StringLength(512)] string Token, [property: StringLength(PasswordRules.MaximumLength * 2)] string NewPassword);

/// <summary>Confirmation of a new e-mail address.</summary>
/// <param name="Token">Token from the link in the mail.</param>
public sealed record ConfirmEmailRequest([property: StringLength(512)] string Token);

/// <summary>Changes of the caller's own account.</summary>
/// <param name="FullName">Name of the person; null for no name.</param>
/// <param name="BadgeColor">Color of the avatar as <c>#rrggbb</c>, one of the colors from <c>GET /api/v1/auth/options</c>; null for the color that the account's id determines.</param>
/// <param name="Email">New e-mail address; leave it out to keep the current one.</param>
/// <param name="CurrentPassword">Current password; required to change the e-mail address.</param>
public sealed record ProfileRequest(
    [property: Name(200)] string? FullName, [property: StringLength(7)] string? BadgeColor,
    [property: StringLength(320)] string? Email = null, [property: StringLength(PasswordRules.MaximumLength * 2)] string? CurrentPassword = null);

/// <summary>A person with an account.</summary>
/// <param name="Role">What the person may do on the platform.</param>
/// <param name="Initials">One or two letters to show in an avatar.</param>
/// <param name="BadgeColor">Background color of the avatar as <c>#rrggbb</c>. White text is readable on it.</param>
public sealed record UserAnswer(Guid Id, string Email, string? FullName, SystemRole Role, string Initials, string BadgeColor)
{
    public static UserAnswer Of(User user) => new(
        user.Id, user.Email, user.FullName, user.Role, Avatar.InitialsOf(user.FullName, user.Email), Avatar.ColorOf(user.Id, user.BadgeColor));

    public static UserAnswer Of(CurrentUser user) => new(
        user.Id, user.Email, user.FullName, user.Role, Avatar.InitialsOf(user.FullName, user.Email), Avatar.ColorOf(user.Id, user.BadgeColor));
}

/// <summary>The caller's own account after a change.</summary>
/// <param name="User">The account.</param>
/// <param name="ConfirmationSentTo">New e-mail address to which a confirmation link was sent. The account keeps its old address until the link is followed. Null when no confirmation is pending.</param>
public sealed record ProfileAnswer(UserAnswer User, string? ConfirmationSentTo);

/// <summary>What the caller may do.</summary>
/// <param name="Role">What the caller's account may do on the platform.</param>
/// <param name="ProjectRole">The caller's role in the project that was asked about; null when none was, or the caller may not see it.</param>
/// <param name="DatasetRole">The role with which the dataset that was asked about is shared with the caller; null when it is not shared.</param>
/// <param name="Permissions">Names of all permissions that the caller holds there, in alphabetical order.</param>
public sealed record OwnPermissionsAnswer(SystemRole Role, ProjectRole? ProjectRole, DatasetRole? DatasetRole, IReadOnlyList<string> Permissions);

/// <summary>The tokens of a session.</summary>
/// <param name="AccessToken">Token for the <c>Authorization</c> header.</param>
/// <param name="TokenType">Always <c>Bearer</c>.</param>
/// <param name="ExpiresIn">Seconds until the access token expires.</param>
/// <param name="RefreshToken">Token that gets the next access token. It works once, within 30 days by default.</param>
/// <param name="MustChangePassword">Whether the password has to be changed before anything else is allowed.</param>
/// <param name="User">Account that is signed in.</param>
public sealed record SessionAnswer(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken, bool MustChangePassword, UserAnswer User)
{
    public static SessionAnswer Of(Session session) => new(
        session.AccessToken, "Bearer", (int)session.ExpiresIn.TotalSeconds, session.RefreshToken, session.User.MustChangePassword, UserAnswer.Of(session.User));
}

/// <summary>A session of the caller.</summary>
/// <param name="Current">Whether this request belongs to the session.</param>
/// <param name="Client">Program that signed in, from its <c>User-Agent</c> header; null when it sent none.</param>
/// <param name="Address">IP address from which the session was last used.</param>
/// <param name="CreatedAt">When the person signed in.</param>
/// <param name="LastUsedAt">Time of the last sign-in or refresh.</param>
/// <param name="ExpiresAt">When the session ends, unless it is refreshed before.</param>
public sealed record OwnSessionAnswer(Guid Id, bool Current, string? Client, string? Address, DateTimeOffset CreatedAt, DateTimeOffset LastUsedAt, DateTimeOffset ExpiresAt)
{
    public static OwnSessionAnswer Of(UserSession session, Guid current) => new(
        session.Id, session.Id == current, session.Client, session.Address, session.CreatedAt, session.LastUsedAt, session.ExpiresAt);
}

/// <summary>A personal token to create.</summary>
/// <param name="Name">What the token is used for.</param>
/// <param name="Scopes">What the token may do: names of permissions such as <c>datasets:write</c>, or <c>read</c>, <c>write</c> and <c>admin</c> for groups of them.</param>
/// <param name="ExpiresInDays">Days until the token expires.</param>
public sealed record PersonalTokenRequest(
    [property: Name(PersonalToken.MaximumNameLength)] string Name,
    [property: MinLength(1), MaxLength(50)] IReadOnlyList<string> Scopes,
    [property: Range(1, PersonalToken.MaximumLifetimeDays)] int ExpiresInDays = PersonalToken.DefaultLifetimeDays);

/// <summary>A personal token, without its secret text.</summary>
/// <param name="Name">What the token is used for.</param>
/// <param name="Scopes">What the token may do.</param>
/// <param name="ExpiresAt">When the token expires.</param>
/// <param name="LastUsedAt">When the token was last used, exact to about a minute; null when it was never used.</param>
public sealed record PersonalTokenAnswer(Guid Id, string Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt)
{
    public static PersonalTokenAnswer Of(PersonalToken token) => new(token.Id, token.Name, token.Scopes, token.CreatedAt, token.ExpiresAt, token.LastUsedAt);
}

/// <summary>A new personal token.</summary>
/// <param name="Name">What the token is used for.</param>
/// <param name="Scopes">What the token may do.</param>
/// <param name="ExpiresAt">When the token expires.</param>
/// <param name="Token">Secret text for the <c>Authorization</c> header. It is shown in this answer only.</param>
public sealed record NewPersonalTokenAnswer(Guid Id, string Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string Token)
{
    public static NewPersonalTokenAnswer Of(NewPersonalToken made) =>
        new(made.Row.Id, made.Row.Name, made.Row.Scopes, made.Row.CreatedAt, made.Row.ExpiresAt, made.Token);
}

/// <summary>What a sign-in page needs to know.</summary>
/// <param name="SignUp">Who may create an account.</param>
/// <param name="ConfirmsEmail">Whether a new e-mail address takes effect only when its owner follows a mailed link.</param>
/// <param name="PasswordMinimumLength">Smallest number of characters of a password.</param>
/// <param name="BadgeColors">Colors to choose from for avatars, as <c>#rrggbb</c>.</param>
/// <param name="TokenScopes">Scopes that a personal token may have.</param>
public sealed record AccountOptionsAnswer(SignUpMode SignUp, bool ConfirmsEmail, int PasswordMinimumLength, IReadOnlyList<string> BadgeColors, IReadOnlyList<string> TokenScopes);

/// <summary>Service that a token is for.</summary>
public enum ServiceAudience
{
    /// <summary>Projects, datasets, training and models.</summary>
    Platform,

    /// <summary>The labeling application.</summary>
    Labeling,
}

/// <summary>A service token to issue.</summary>
/// <param name="Audience">Service to call.</param>
/// <param name="Scopes">What the token may do: names of permissions, or <c>read</c> and <c>write</c>. Permissions that only managers and administrators hold are not possible.</param>
/// <param name="ClientId">Name of the service that requests the token with its own secret: <c>labeler</c>. A person leaves it out and sends an access token.</param>
/// <param name="ClientSecret">Secret of the service.</param>
/// <param name="UserId">Account on whose behalf the service acts; required with <c>clientId</c>.</param>
public sealed record ServiceTokenRequest(
    ServiceAudience Audience, [property: MinLength(1), MaxLength(50)] IReadOnlyList<string> Scopes,
    [property: StringLength(100)] string? ClientId = null, [property: StringLength(512)] string? ClientSecret = null, Guid? UserId = null);

/// <summary>A token with which one service calls another on behalf of a person.</summary>
/// <param name="AccessToken">Token for the <c>Authorization</c> header.</param>
/// <param name="TokenType">Always <c>Bearer</c>.</param>
/// <param name="ExpiresIn">Seconds until the token expires.</param>
/// <param name="Audience">Service that the token is for.</param>
/// <param name="Scopes">What the token may do.</param>
public sealed record ServiceTokenAnswer(string AccessToken, string TokenType, int ExpiresIn, ServiceAudience Audience, IReadOnlyList<string> Scopes);
