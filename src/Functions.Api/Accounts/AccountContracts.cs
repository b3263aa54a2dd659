using System.ComponentModel.DataAnnotations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Api.Accounts;

public sealed record LoginRequest([property: StringLength(320)] string Email, [property: StringLength(PasswordRules.MaximumLength * 2)] string Password);

public sealed record RefreshRequest([property: StringLength(512)] string RefreshToken);

public sealed record ChangePasswordRequest(
    [property: StringLength(PasswordRules.MaximumLength * 2)] string CurrentPassword, [property: StringLength(PasswordRules.MaximumLength * 2)] string NewPassword);

/// <summary>A person as the API shows one.</summary>
public sealed record UserAnswer(Guid Id, string Email, string? FullName, SystemRole Role);

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
        session.AccessToken, "Bearer", (int)session.ExpiresIn.TotalSeconds, session.RefreshToken, session.User.MustChangePassword,
        new UserAnswer(session.User.Id, session.User.Email, session.User.FullName, session.User.Role));
}
