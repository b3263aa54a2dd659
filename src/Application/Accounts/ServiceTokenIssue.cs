using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>Issues service tokens: to a person for calls to another service, and to the labeling service for calls on behalf of a person.</summary>
public sealed class ServiceTokenIssue(UserDatabase database, ServiceTokens tokens, AccountSettings settings, AuditLog audit)
{
    /// <summary>Client id of a separate labeling service.</summary>
    public const string Labeler = "labeler";

    private const string Platform = "platform";

    /// <summary>Issues a token to a person.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.Forbidden"/> for scopes beyond those of the caller's own token.</exception>
    public async Task<string> ForCallerAsync(Guid userId, TokenScopes? own, AppModule audience, TokenScopes scopes, CancellationToken cancellation)
    {
        if (own is not null && !own.Covers(scopes))
            throw new ProblemException(ErrorCodes.Forbidden, "The scopes exceed those of the token in the Authorization header.");
        await RecordAsync(null, Platform, userId, audience, scopes, cancellation);
        return tokens.Issue(Platform, userId, audience, scopes);
    }

    /// <summary>Issues a token to a service that sends its secret.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidClient"/>; <see cref="ErrorCodes.NotFound"/> for an unknown or inactive account.</exception>
    public async Task<string> ForServiceAsync(string clientId, string clientSecret, Guid userId, AppModule audience, TokenScopes scopes, CancellationToken cancellation)
    {
        if (clientId != Labeler || settings.LabelerSecret is not { } secret
            || !CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(clientSecret)), SHA256.HashData(Encoding.UTF8.GetBytes(secret))))
            throw new ProblemException(ErrorCodes.InvalidClient);
        if (!await database.Users.AnyAsync(u => u.Id == userId && u.IsActive, cancellation))
            throw new ProblemException(ErrorCodes.NotFound, "There is no such account, or it is not active.");
        await RecordAsync(AuditActor.Stranger(clientId), clientId, userId, audience, scopes, cancellation);
        return tokens.Issue(clientId, userId, audience, scopes);
    }

    private Task RecordAsync(AuditActor? actor, string service, Guid userId, AppModule audience, TokenScopes scopes, CancellationToken cancellation) =>
        audit.AppendAsync(new AuditEvent("service_token.create")
        {
            Actor = actor, SubjectType = "user", SubjectId = userId.ToString(),
            Details = new Dictionary<string, object?> { ["service"] = service, ["audience"] = audience.AsText(), ["scopes"] = scopes.Names },
        }, cancellation);
}
