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

/// <summary>Gives out service tokens: to a person for a call to another service, and to the labeling service for calls in a person's name.</summary>
public sealed class ServiceTokenIssue(UserDatabase database, ServiceTokens tokens, AccountSettings settings, AuditLog audit)
{
    /// <summary>The client id of a labeling service of its own.</summary>
    public const string Labeler = "labeler";

    private const string Platform = "platform";

    /// <summary>A token for the caller, who hands it to another service.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.Forbidden"/> for scopes that the caller's own token does not cover.</exception>
    public async Task<string> ForCallerAsync(Guid userId, TokenScopes? own, AppModule audience, TokenScopes scopes, CancellationToken cancellation)
    {
        if (own is not null && !own.Covers(scopes))
            throw new ProblemException(ErrorCodes.Forbidden, "The scopes of the token you call with do not cover these.");
        await RecordAsync(null, Platform, userId, audience, scopes, cancellation);
        return tokens.Issue(Platform, userId, audience, scopes);
    }

    /// <summary>A token for a service that knows its secret.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidClient"/>; <see cref="ErrorCodes.NotFound"/> for a person who is not there or not active.</exception>
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
