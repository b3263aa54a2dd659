using Microsoft.AspNetCore.Http;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Api.Http.Access;

/// <summary>Finds out who is calling. A person costs one query; a trainer none.</summary>
public sealed class Authentication(Callers callers, AttemptTokens attemptTokens)
{
    /// <summary>
    /// The person behind the bearer token: an access token whose session goes on, a personal token, or a service token of
    /// the module that is called. The account is active at this moment.
    /// </summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.Unauthenticated"/> or <see cref="ErrorCodes.TokenExpired"/>.</exception>
    public async Task<CurrentUser> RequireUserAsync(HttpRequest request, CancellationToken cancellation, AppModule module = AppModule.Platform)
    {
        var bearer = BearerToken(request) ?? throw new ProblemException(ErrorCodes.Unauthenticated);
        var (caller, refusal) = await callers.FindAsync(bearer, module, cancellation);
        if (caller is null)
            throw refusal == TokenRefusal.Expired
                ? new ProblemException(ErrorCodes.TokenExpired)
                : new ProblemException(ErrorCodes.Unauthenticated, "The token is not valid, or not any more.");
        return new CurrentUser(caller.Id, caller.Email, caller.FullName, caller.Role, caller.MustChangePassword)
        {
            BadgeColor = caller.BadgeColor, OrganizationId = caller.OrganizationId, Proof = caller.Proof, ProofId = caller.ProofId, Scopes = caller.Scopes, Service = caller.Service,
        };
    }

    /// <summary>Refuses somebody whose system role or token lacks the permission, or who still has to change a one-time password.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.PasswordChangeRequired"/>, <see cref="ErrorCodes.Forbidden"/>.</exception>
    public static void RequirePermission(CurrentUser user, Permission permission)
    {
        if (user.MustChangePassword && !AccessPolicy.IsAllowedBeforePasswordChange(permission))
            throw new ProblemException(ErrorCodes.PasswordChangeRequired);
        if (!AccessPolicy.Allows(user.Role, permission))
            throw Refusal.Of($"The role {AccessPolicy.NameOf(user.Role)}", permission);
        RequireScope(user, permission);
    }

    /// <summary>Refuses a token whose scopes do not cover the permission; a session has no such limits.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.Forbidden"/>.</exception>
    public static void RequireScope(CurrentUser user, Permission permission)
    {
        if (user.Scopes?.Allows(permission) ?? true)
            return;
        throw Refusal.Of(AccessPolicy.NeedsSession(permission) ? "A token, unlike a sign-in with the password," : "The scope of this token", permission);
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
