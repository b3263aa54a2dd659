using System.Collections.Concurrent;
using System.Data.Common;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>The tokens that people make for their scripts.</summary>
public sealed class PersonalTokens(UserDatabase database, TimeProvider time)
{
    /// <summary>Makes a token; its text is given out here and never again.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/> beyond <see cref="PersonalToken.MaximumPerUser"/>.</exception>
    public async Task<(PersonalToken Row, string Token)> CreateAsync(Guid userId, string name, IReadOnlyCollection<string> scopes, int lifetimeDays, CancellationToken cancellation)
    {
        if (await Of(userId).CountAsync(cancellation) >= PersonalToken.MaximumPerUser)
            throw new ProblemException(ErrorCodes.QuotaExceeded, $"One account may have at most {PersonalToken.MaximumPerUser} tokens.");
        var token = SecretToken.Create(PersonalToken.Prefix);
        var now = time.GetUtcNow();
        var row = new PersonalToken
        {
            UserId = userId,
            Name = name.Trim(),
            TokenHash = SecretToken.HashOf(token),
            Scopes = [.. new TokenScopes(scopes).Names],
            CreatedAt = now,
            ExpiresAt = now.AddDays(lifetimeDays),
        };
        database.PersonalTokens.Add(row);
        await database.SaveChangesAsync(cancellation);
        return (row, token);
    }

    /// <summary>The tokens of an account that work.</summary>
    public IQueryable<PersonalToken> Of(Guid userId)
    {
        var now = time.GetUtcNow();
        return database.PersonalTokens.AsNoTracking().Where(t => t.UserId == userId && t.RevokedAt == null && t.ExpiresAt > now);
    }

    /// <summary>Makes a token useless from the next request on; false when the account has no such token.</summary>
    public async Task<bool> RevokeAsync(Guid userId, Guid tokenId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return await database.PersonalTokens.Where(t => t.Id == tokenId && t.UserId == userId && t.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(t => t.RevokedAt, now), cancellation) > 0;
    }

    /// <summary>Deletes tokens that have been useless for a month.</summary>
    public Task<int> PurgeAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - TimeSpan.FromDays(30);
        return database.PersonalTokens.Where(t => t.ExpiresAt < before || t.RevokedAt < before).ExecuteDeleteAsync(cancellation);
    }
}

/// <summary>
/// Notes when personal tokens were last used: kept in memory and written every few seconds for all of them at once, so
/// that no request waits for it.
/// </summary>
public sealed class PersonalTokenUse([FromKeyedServices(Databases.Users)] NpgsqlDataSource users, TimeProvider time, ILogger<PersonalTokenUse> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Precision = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _uses = [];

    /// <summary>Notes a use, unless a recent one is noted already.</summary>
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
            logger.LogWarning("When tokens were last used is written later: {Reason}", e.Message);
        }
    }
}
