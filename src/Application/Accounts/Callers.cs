using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>How a caller was authenticated.</summary>
public enum CallerProof
{
    /// <summary>By the access token of a session.</summary>
    Session,

    /// <summary>By a personal token.</summary>
    PersonalToken,

    /// <summary>By a service token: a service acts for the person.</summary>
    Service,
}

/// <summary>The account that is calling, as read from the user database for this request.</summary>
/// <param name="ProofId">Id of the session or personal token; id of the account for a service.</param>
/// <param name="Scopes">Scopes of the token; null for a session.</param>
/// <param name="Service">The service that acts for the person; null when the person acts directly.</param>
public sealed record Caller(
    Guid Id, string Email, string? FullName, string? BadgeColor, SystemRole Role, bool MustChangePassword, Guid? OrganizationId, CallerProof Proof, Guid ProofId, TokenScopes? Scopes, string? Service);

/// <summary>
/// Finds the account of a bearer token with one query and without a cache, so that a deactivation, a change of role,
/// a sign-out or a revoked token takes effect in the next request.
/// </summary>
public sealed class Callers(
    [FromKeyedServices(Databases.Users)] NpgsqlDataSource users, AccessTokens accessTokens, ServiceTokens serviceTokens, PersonalTokenUse uses, TimeProvider time)
{
    private const string Person = "u.id, u.email, u.full_name, u.badge_color, u.role, u.must_change_password, u.organization_id";

    private const string BySession =
        $"""
        SELECT {Person} FROM users u JOIN sessions s ON s.user_id = u.id
        WHERE u.id = $1 AND u.is_active AND s.id = $2 AND s.ended_at IS NULL
          AND (u.password_changed_at IS NULL OR date_trunc('second', u.password_changed_at) <= $3)
        """;

    private const string ByPersonalToken =
        $"""
        SELECT {Person}, t.id, t.scopes, t.last_used_at FROM personal_tokens t JOIN users u ON u.id = t.user_id
        WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND t.expires_at > $2 AND u.is_active
        """;

    private const string ById = $"SELECT {Person} FROM users u WHERE u.id = $1 AND u.is_active";

    /// <summary>Finds the caller. Null with the reason when the token is refused.</summary>
    /// <param name="bearer">The token.</param>
    /// <param name="module">The called module. A service token is valid for one module only.</param>
    public async Task<(Caller? Caller, TokenRefusal Refusal)> FindAsync(string bearer, AppModule module, CancellationToken cancellation)
    {
        if (bearer.StartsWith(PersonalToken.Prefix, StringComparison.Ordinal))
            return (await FindByPersonalTokenAsync(bearer, cancellation), TokenRefusal.Invalid);
        var session = accessTokens.Verify(bearer);
        if (session.Refusal is null)
            return (await FindBySessionAsync(session, cancellation), TokenRefusal.Invalid);
        var service = serviceTokens.Verify(bearer, module);
        if (service.Claims is null)
            return (null, session.Refusal == TokenRefusal.Expired ? TokenRefusal.Expired : service.Refusal ?? TokenRefusal.Invalid);
        return (await FindForServiceAsync(service.Claims, cancellation), TokenRefusal.Invalid);
    }

    private async Task<Caller?> FindBySessionAsync(AccessTokenCheck token, CancellationToken cancellation)
    {
        await using var command = users.CreateCommand(BySession);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = token.UserId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = token.SessionId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = token.IssuedAt });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? Read(row, CallerProof.Session, token.SessionId, null, null) : null;
    }

    private async Task<Caller?> FindByPersonalTokenAsync(string token, CancellationToken cancellation)
    {
        await using var command = users.CreateCommand(ByPersonalToken);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = SecretToken.HashOf(token) });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            return null;
        var id = row.GetGuid(7);
        uses.Note(id, row.IsDBNull(9) ? null : row.GetFieldValue<DateTimeOffset>(9));
        return Read(row, CallerProof.PersonalToken, id, new TokenScopes(row.GetFieldValue<string[]>(8)), null);
    }

    private async Task<Caller?> FindForServiceAsync(ServiceTokenClaims token, CancellationToken cancellation)
    {
        await using var command = users.CreateCommand(ById);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = token.UserId });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? Read(row, CallerProof.Service, token.UserId, new TokenScopes(token.Scopes), token.Service) : null;
    }

    private static Caller Read(NpgsqlDataReader row, CallerProof proof, Guid proofId, TokenScopes? scopes, string? service) => new(
        row.GetGuid(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3),
        EnumText.TryParse<SystemRole>(row.GetString(4), out var role) ? role : throw new InvalidOperationException($"The user database has an unknown role: {row.GetString(4)}."),
        row.GetBoolean(5), row.IsDBNull(6) ? null : row.GetGuid(6), proof, proofId, scopes, service);
}
