using System.Collections.Concurrent;
using System.Data.Common;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>A new personal token and its secret text, which is not stored.</summary>
public sealed record NewPersonalToken(PersonalToken Row, string Token);

/// <summary>Creates, lists and revokes the tokens that people use in their scripts.</summary>
public sealed class PersonalTokens(UserDatabase database, AuditLog audit, TimeProvider time)
{
    /// <summary>Creates a token. Only this result holds its text.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.QuotaExceeded"/> beyond <see cref="PersonalToken.MaximumPerUser"/>, and those of <see cref="IdempotentCreate{T}"/>.
    /// </exception>
    public async Task<Created<NewPersonalToken>> CreateAsync(
        Guid userId, string name, IReadOnlyCollection<string> scopes, int lifetimeDays, IdempotentCreate<NewPersonalToken> once, CancellationToken cancellation)
    {
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        // The lock also lets simultaneous requests count one after another.
        if (await database.LockUserAsync(userId, cancellation) is not { IsActive: true })
            throw new ProblemException(ErrorCodes.Unauthenticated);
        if (await Of(userId).CountAsync(cancellation) >= PersonalToken.MaximumPerUser)
            throw new ProblemException(ErrorCodes.QuotaExceeded, $"An account can have at most {PersonalToken.MaximumPerUser} tokens.");
        var token = SecretToken.Create(PersonalToken.Prefix);
        var now = time.GetUtcNow();
        var row = new PersonalToken
        {
            UserId = userId,
            Name = name.AsName(),
            TokenHash = SecretToken.HashOf(token),
            Scopes = [.. new TokenScopes(scopes).Names],
            CreatedAt = now,
            ExpiresAt = now.AddDays(lifetimeDays),
        };
        database.PersonalTokens.Add(row);
        await database.SaveChangesAsync(cancellation);
        await audit.AppendAsync(new AuditEvent("personal_token.create")
        {
            SubjectType = "personal_token", SubjectId = row.Id.ToString(), SubjectName = row.Name,
            Details = new Dictionary<string, object?> { ["scopes"] = row.Scopes, ["expiresAt"] = row.ExpiresAt },
        }, cancellation);
        return await create.CommitAsync(new NewPersonalToken(row, token), cancellation);
    }

    /// <summary>The valid tokens of an account.</summary>
    public IQueryable<PersonalToken> Of(Guid userId)
    {
        var now = time.GetUtcNow();
        return database.PersonalTokens.AsNoTracking().Where(t => t.UserId == userId && t.RevokedAt == null && t.ExpiresAt > now);
    }

    /// <summary>Revokes a token. It stops working with the next request.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> when the account has no such token.</exception>
    public async Task RevokeAsync(Guid userId, Guid tokenId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var revoked = await database.PersonalTokens.Where(t => t.Id == tokenId && t.UserId == userId && t.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(t => t.RevokedAt, now), cancellation);
        if (revoked == 0)
            throw new ProblemException(ErrorCodes.NotFound, "You have no such token.");
        await database.NotifyAccessChangedAsync(userId, cancellation);
        await audit.AppendAsync(new AuditEvent("personal_token.revoke") { SubjectType = "personal_token", SubjectId = tokenId.ToString() }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Deletes tokens that expired or were revoked more than 30 days ago. Returns how many.</summary>
    public Task<int> PurgeAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - TimeSpan.FromDays(30);
        return database.PersonalTokens.Where(t => t.ExpiresAt < before || t.RevokedAt < before).ExecuteDeleteAsync(cancellation);
    }
}

/// <summary>
/// Records when personal tokens were last used. Collects the times in memory and writes them together every few seconds, so that no request
/// waits for the write.
/// </summary>
public sealed class PersonalTokenUse([FromKeyedServices(Databases.Users)] NpgsqlDataSource users, TimeProvider time, ILogger<PersonalTokenUse> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Precision = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _uses = [];

    /// <summary>Records a use, unless the last recorded one is less than a minute old.</summary>
    public void Note(Guid tokenId, DateTimeOffset? lastNoted)
    {
        var now = time.GetUtcNow();
        if (lastNoted is null || now - lastNoted > Precision)
            _uses[tokenId] = now;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await WriteAsync();
        }
    }

    private async Task WriteAsync()
    {
        var uses = _uses.ToArray();
        if (uses.Length == 0)
            return;
        try
        {
            await using var command = users.CreateCommand(
                """
                UPDATE personal_tokens t SET last_used_at = u.at
                FROM unnest($1, $2) AS u(id, at)
                WHERE t.id = u.id AND (t.last_used_at IS NULL OR t.last_used_at < u.at)
                """);
            command.Parameters.Add(new NpgsqlParameter { Value = uses.Select(use => use.Key).ToArray() });
            command.Parameters.Add(new NpgsqlParameter { Value = uses.Select(use => use.Value).ToArray() });
            await command.ExecuteNonQueryAsync();
            foreach (var use in uses)
                _uses.TryRemove(use);
        }
        catch (Exception e) when (e is DbException or SocketException or TimeoutException)
        {
            logger.LogWarning("Cannot write when personal tokens were last used; will try again: {Reason}", e.Message);
        }
    }
}
