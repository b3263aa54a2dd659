using System.ComponentModel.DataAnnotations;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Api.Accounts;

public sealed record LoginRequest([property: StringLength(320)] string Email, [property: StringLength(PasswordRules.MaximumLength * 2)] string Password);

public sealed record RefreshRequest([property: StringLength(512)] string RefreshToken);

public sealed record ChangePasswordRequest(
    [property: StringLength(PasswordRules.MaximumLength * 2)] string CurrentPassword, [property: StringLength(PasswordRules.MaximumLength * 2)] string NewPassword);

/// <param name="Email">Where one is reached; becomes the name to sign in with.</param>
/// <param name="Password">At least 12 characters.</param>
/// <param name="FullName">What one is called.</param>
public sealed record SignUpRequest(
    [property: StringLength(320)] string Email, [property: StringLength(PasswordRules.MaximumLength * 2)] string Password, [property: Name(200)] string? FullName);

/// <param name="Token">From the link in the mail.</param>
/// <param name="Password">The one chosen at sign-up.</param>
public sealed record ConfirmSignUpRequest([property: StringLength(512)] string Token, [property: StringLength(PasswordRules.MaximumLength * 2)] string Password);

public sealed record ForgotPasswordRequest([property: StringLength(320)] string Email);

/// <param name="Token">From the link in the mail.</param>
/// <param name="NewPassword">At least 12 characters.</param>
public sealed record ResetPasswordRequest([property: StringLength(512)] string Token, [property: StringLength(PasswordRules.MaximumLength * 2)] string NewPassword);

/// <param name="Token">From the link in the mail.</param>
public sealed record ConfirmEmailRequest([property: StringLength(512)] string Token);

/// <param name="FullName">What one is called; null for no name.</param>
/// <param name="BadgeColor">One of the colours of <c>GET /auth/options</c>; null for the one that follows from the id.</param>
/// <param name="Email">Another e-mail address; left out to keep the present one.</param>
/// <param name="CurrentPassword">Needed for another e-mail address.</param>
public sealed record ProfileRequest(
    [property: Name(200)] string? FullName, [property: StringLength(7)] string? BadgeColor,
    [property: StringLength(320)] string? Email = null, [property: StringLength(PasswordRules.MaximumLength * 2)] string? CurrentPassword = null);

/// <summary>A person as the API shows one.</summary>
/// <param name="Initials">One or two letters for the avatar.</param>
/// <param name="BadgeColor">The colour behind them, #rrggbb; white text is readable on it.</param>
public sealed record UserAnswer(Guid Id, string Email, string? FullName, SystemRole Role, string Initials, string BadgeColor)
{
    public static UserAnswer Of(User user) => new(
        user.Id, user.Email, user.FullName, user.Role, Avatar.InitialsOf(user.FullName, user.Email), Avatar.ColorOf(user.Id, user.BadgeColor));

    public static UserAnswer Of(CurrentUser user) => new(
        user.Id, user.Email, user.FullName, user.Role, Avatar.InitialsOf(user.FullName, user.Email), Avatar.ColorOf(user.Id, user.BadgeColor));
}

/// <summary>One's own account after a change.</summary>
/// <param name="User">The account.</param>
/// <param name="ConfirmationSentTo">The new e-mail address that a link was sent to; it counts once the link was followed. Null when nothing waits.</param>
public sealed record ProfileAnswer(UserAnswer User, string? ConfirmationSentTo);

/// <summary>Proof of having signed in.</summary>
/// <param name="AccessToken">For the Authorization header.</param>
/// <param name="TokenType">Always <c>Bearer</c>.</param>
/// <param name="ExpiresIn">Seconds the access token is good for.</param>
/// <param name="RefreshToken">Buys the next session, once.</param>
/// <param name="MustChangePassword">Until the password is changed, nothing else is allowed.</param>
/// <param name="User">Who signed in.</param>
public sealed record SessionAnswer(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken, bool MustChangePassword, UserAnswer User)
{
    public static SessionAnswer Of(Session session) => new(
        session.AccessToken, "Bearer", (int)session.ExpiresIn.TotalSeconds, session.RefreshToken, session.User.MustChangePassword, UserAnswer.Of(session.User));
}

/// <summary>A sign-in that goes on.</summary>
/// <param name="Current">Whether it is the one that asks.</param>
/// <param name="Client">The program that signed in, as it calls itself.</param>
/// <param name="Address">The IP address it was last used from.</param>
/// <param name="LastUsedAt">The last sign-in or refresh.</param>
/// <param name="ExpiresAt">When it ends unless it is used before.</param>
public sealed record OwnSessionAnswer(Guid Id, bool Current, string? Client, string? Address, DateTimeOffset CreatedAt, DateTimeOffset LastUsedAt, DateTimeOffset ExpiresAt)
{
    public static OwnSessionAnswer Of(UserSession session, Guid current) => new(
        session.Id, session.Id == current, session.Client, session.Address, session.CreatedAt, session.LastUsedAt, session.ExpiresAt);
}

/// <param name="Name">What it is for.</param>
/// <param name="Scopes">Names of permissions (<c>datasets:write</c>), or <c>read</c>, <c>write</c>, <c>admin</c>.</param>
/// <param name="ExpiresInDays">How long it works.</param>
public sealed record PersonalTokenRequest(
    [property: Name(PersonalToken.MaximumNameLength)] string Name,
    [property: MinLength(1), MaxLength(50)] IReadOnlyList<string> Scopes,
    [property: Range(1, PersonalToken.MaximumLifetimeDays)] int ExpiresInDays = PersonalToken.DefaultLifetimeDays);

/// <summary>A personal token, without its text.</summary>
/// <param name="LastUsedAt">Exact to about a minute; null when it never was.</param>
public sealed record PersonalTokenAnswer(Guid Id, string Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt)
{
    public static PersonalTokenAnswer Of(PersonalToken token) => new(token.Id, token.Name, token.Scopes, token.CreatedAt, token.ExpiresAt, token.LastUsedAt);
}

/// <summary>A new personal token.</summary>
/// <param name="Token">For the Authorization header; shown here and never again.</param>
public sealed record NewPersonalTokenAnswer(Guid Id, string Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string Token);

/// <summary>What a sign-in page needs to know.</summary>
/// <param name="SignUp">Who may make an account.</param>
/// <param name="ConfirmsEmail">Whether an address counts only once a link sent to it was followed.</param>
/// <param name="PasswordMinimumLength">Characters a password needs.</param>
/// <param name="BadgeColors">The colours on offer for avatars.</param>
/// <param name="TokenScopes">The scopes a personal token may have.</param>
public sealed record AccountOptionsAnswer(SignUpMode SignUp, bool ConfirmsEmail, int PasswordMinimumLength, IReadOnlyList<string> BadgeColors, IReadOnlyList<string> TokenScopes);
