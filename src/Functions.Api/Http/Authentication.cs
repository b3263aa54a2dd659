using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Http;

/// <summary>Finds out who is calling. A person costs one query; a trainer none.</summary>
public sealed class Authentication(UserDatabase database, AccessTokens accessTokens, AttemptTokens attemptTokens)
{
    /// <summary>The person behind the bearer token, who must still be active and not have changed the password since.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.Unauthenticated"/> or <see cref="ErrorCodes.TokenExpired"/>.</exception>
    public async Task<CurrentUser> RequireUserAsync(HttpRequest request, CancellationToken ct)
    {
        var check = accessTokens.Verify(BearerToken(request) ?? throw new ProblemException(ErrorCodes.Unauthenticated));
        if (check.Refusal is { } refusal)
            throw new ProblemException(refusal == TokenRefusal.Expired ? ErrorCodes.TokenExpired : ErrorCodes.Unauthenticated);
        var user = await database.Users.AsNoTracking().FirstOrDefaultAsync(u => u.Id == check.UserId && u.IsActive, ct);
        // Tokens carry whole seconds.
        if (user is null || check.IssuedAt.ToUnixTimeSeconds() < user.PasswordChangedAt?.ToUnixTimeSeconds())
            throw new ProblemException(ErrorCodes.Unauthenticated, "The token is not valid any more.");
        return new CurrentUser(user.Id, user.Email, user.FullName, user.Role, user.MustChangePassword);
    }

    /// <summary>Refuses somebody whose system role lacks the permission, or who still has to change a one-time password.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.PasswordChangeRequired"/>, <see cref="ErrorCodes.Forbidden"/>.</exception>
    public static void RequirePermission(CurrentUser user, Permission permission)
    {
        if (user.MustChangePassword && permission != Permission.AccountSelf)
            throw new ProblemException(ErrorCodes.PasswordChangeRequired);
        if (!AccessPolicy.Allows(user.Role, permission))
            throw Refusal.Of($"The role {AccessPolicy.NameOf(user.Role)}", permission);
    }

    /// <summary>The attempt whose trainer is calling; its token must be the one of the attempt in the route.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidAttemptToken"/>.</exception>
    public Guid RequireAttempt(HttpRequest request)
    {
        var check = BearerToken(request) is { } token ? attemptTokens.Verify(token) : new AttemptTokenCheck(null, TokenRefusal.Invalid);
        if (check.Refusal == TokenRefusal.Expired)
            throw new ProblemException(ErrorCodes.InvalidAttemptToken, "The attempt's token has expired.");
        if (check.AttemptId is not { } attempt
            || !Guid.TryParse(request.RouteValues[TrainerAccessAttribute.RouteValue]?.ToString(), out var wanted) || wanted != attempt)
            throw new ProblemException(ErrorCodes.InvalidAttemptToken);
        return attempt;
    }

    /// <summary>The token of an <c>Authorization: Bearer</c> header; null when there is none.</summary>
    public static string? BearerToken(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? header["Bearer ".Length..].Trim()
            : null;
}
