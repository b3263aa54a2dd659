using Microsoft.AspNetCore.Http;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Api.Http.Access;

/// <summary>Authenticates callers. A person needs one query, a trainer none.</summary>
public sealed class Authentication(Callers callers, AttemptTokens attemptTokens)
{
    /// <summary>
    /// Authenticates a person by the bearer token: an access token of an active session, a personal token, or a service token for
    /// the called module. The account must be active.
    /// </summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.Unauthenticated"/> or <see cref="ErrorCodes.TokenExpired"/>.</exception>
    public async Task<CurrentUser> RequireUserAsync(HttpRequest request, CancellationToken cancellation, AppModule module = AppModule.Platform)
    {
        var bearer = BearerToken(request) ?? throw new ProblemException(ErrorCodes.Unauthenticated);
        var (caller, refusal) = await callers.FindAsync(bearer, module, cancellation);
        if (caller is null)
            throw refusal == TokenRefusal.Expired
                ? new ProblemException(ErrorCodes.TokenExpired)
                : new ProblemException(ErrorCodes.Unauthenticated, "The token is invalid or no longer valid.");
        return new CurrentUser(caller.Id, caller.Email, caller.FullName, caller.Role, caller.MustChangePassword)
        {
            BadgeColor = caller.BadgeColor, OrganizationId = caller.OrganizationId, Proof = caller.Proof, ProofId = caller.ProofId, Scopes = caller.Scopes, Service = caller.Service,
        };
    }

    /// <summary>Refuses a caller whose system role or token lacks the permission, or who must change a one-time password first.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.PasswordChangeRequired"/>, <see cref="ErrorCodes.Forbidden"/>.</exception>
    public static void RequirePermission(CurrentUser user, Permission permission)
    {
        if (user.MustChangePassword && !AccessPolicy.IsAllowedBeforePasswordChange(permission))
            throw new ProblemException(ErrorCodes.PasswordChangeRequired);
        if (!AccessPolicy.Allows(user.Role, permission))
            throw Refusal.Of($"The role {AccessPolicy.NameOf(user.Role)}", permission);
        RequireScope(user, permission);
    }

    /// <summary>Refuses a token whose scopes do not allow the permission. A session has no scopes.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.Forbidden"/>.</exception>
    public static void RequireScope(CurrentUser user, Permission permission)
    {
        if (user.Scopes?.Allows(permission) ?? true)
            return;
        throw Refusal.Of(AccessPolicy.NeedsSession(permission) ? "A personal token" : "The scope of this token", permission);
    }

    /// <summary>Returns the attempt in the route if the bearer token belongs to it.</summary>
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

    /// <summary>The token in the <c>Authorization: Bearer</c> header; null when there is none.</summary>
    public static string? BearerToken(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? header["Bearer ".Length..].Trim()
            : null;
}
