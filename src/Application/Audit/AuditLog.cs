using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Audit;

/// <summary>What happened. <see cref="AuditLog"/> adds who, from where and when.</summary>
/// <param name="Action">Resource and verb: <c>user.update_role</c>.</param>
/// <param name="Result">How it ended.</param>
public sealed record AuditEvent(string Action, AuditResult Result = AuditResult.Success)
{
    /// <summary>Kind of the resource it was done to, in snake_case.</summary>
    public string? SubjectType { get; init; }

    public string? SubjectId { get; init; }

    /// <summary>Name of the resource at this time.</summary>
    public string? SubjectName { get; init; }

    /// <summary>Error code; null when it succeeded.</summary>
    public string? Code { get; init; }

    /// <summary>Who acted, when it is not the signed-in caller (sign-in, timers).</summary>
    public AuditActor? Actor { get; init; }

    /// <summary>Further facts, e.g. the values before and after. Values whose name suggests a secret are left out.</summary>
    public IReadOnlyDictionary<string, object?>? Details { get; init; }
}

/// <summary>Where a request comes from.</summary>
/// <param name="Actor">Returns the caller at the time of writing an entry; null before the caller is authenticated.</param>
/// <param name="Address">IP address.</param>
/// <param name="UserAgent">The <c>User-Agent</c> header.</param>
/// <param name="TraceId">Trace id of the request.</param>
public sealed record AuditOrigin(Func<AuditActor?> Actor, string? Address, string? UserAgent, string? TraceId)
{
    /// <summary>No request: a timer or an activity.</summary>
    public static AuditOrigin None { get; } = new(() => AuditActor.System, null, null, null);
}

/// <summary>
/// Writes the audit log. An entry written inside a transaction of the user database commits together with the change that it
/// reports. Write an entry about a failure after the transaction has ended.
/// </summary>
public sealed class AuditLog(UserDatabase database, AuditSettings settings, TimeProvider time)
{
    private const int PurgedAtOnce = 5_000;

    /// <summary>Origin of this request; the middleware sets it.</summary>
    public AuditOrigin Origin { get; set; } = AuditOrigin.None;

    /// <summary>Whether this request has written an entry, so that the general entry is not needed.</summary>
    public bool HasWritten { get; private set; }

    /// <summary>Appends one entry, in the current transaction of <see cref="UserDatabase"/> if there is one. Saves nothing else.</summary>
    public Task AppendAsync(AuditEvent what, CancellationToken cancellation) => AppendEntryAsync(Entry(what), cancellation);

    /// <summary>Appends an entry that was made earlier, with its time and origin.</summary>
    public async Task AppendEntryAsync(AuditEntry entry, CancellationToken cancellation)
    {
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO audit_entries (id, time, actor_kind, actor_id, actor_name, action, subject_type, subject_id, subject_name, result, code, address, user_agent, trace_id, details)
            VALUES ({entry.Id}, {entry.Time}, {entry.ActorKind.AsText()}, {entry.ActorId}, {entry.ActorName}, {entry.Action}, {entry.SubjectType}, {entry.SubjectId}, {entry.SubjectName},
                {entry.Result.AsText()}, {entry.Code}, {entry.Address}, {entry.UserAgent}, {entry.TraceId}, {entry.Details?.GetRawText()}::jsonb)
            """, cancellation);
        HasWritten = true;
    }

    /// <summary>Deletes entries that are older than <see cref="AuditSettings.Retention"/> and adds an entry about that. Returns how many.</summary>
    public async Task<int> PurgeAsync(CancellationToken cancellation)
    {
        if (settings.Retention is not { } retention)
            return 0;
        var before = time.GetUtcNow() - retention;
        int removed, total = 0;
        do
        {
            removed = await database.Database.SqlQuery<int>($"SELECT purge_audit_entries({before}, {PurgedAtOnce}) AS \"Value\"").SingleAsync(cancellation);
            total += removed;
        }
        while (removed == PurgedAtOnce);
        if (total > 0)
            await AppendAsync(new AuditEvent("audit.purge") { Details = new Dictionary<string, object?> { ["entries"] = total, ["before"] = before } }, cancellation);
        return total;
    }

    /// <summary>Creates the entry of an event at this time.</summary>
    public AuditEntry Entry(AuditEvent what)
    {
        var now = time.GetUtcNow();
        var actor = what.Actor ?? Origin.Actor() ?? AuditActor.Stranger();
        return new AuditEntry
        {
            Id = Guid.CreateVersion7(now), Time = now,
            ActorKind = actor.Kind, ActorId = actor.Id, ActorName = Cut(actor.Name, AuditLimits.Name),
            Action = Cut(what.Action, AuditLimits.Action)!,
            SubjectType = Cut(what.SubjectType, AuditLimits.Action), SubjectId = Cut(what.SubjectId, AuditLimits.Id), SubjectName = Cut(what.SubjectName, AuditLimits.Name),
            Result = what.Result, Code = what.Code,
            Address = Origin.Address, UserAgent = Cut(Origin.UserAgent, AuditLimits.UserAgent), TraceId = Origin.TraceId,
            Details = what.Details is { Count: > 0 } details ? JsonSerializer.SerializeToElement(WithoutSecrets(details), DetailsJson.Options) : null,
        };
    }

    private static Dictionary<string, object?> WithoutSecrets(IReadOnlyDictionary<string, object?> details) =>
        details.Where(pair => !DetailsJson.TellsOfSecret(pair.Key)).ToDictionary(pair => pair.Key, pair => pair.Value);

    // Postgres cannot store NUL or unpaired surrogates, and any caller can send them.
    private static string? Cut(string? text, int length)
    {
        if (text is null || (text.Length <= length && text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 && !text.Contains('\0')))
            return text;
        var storable = string.Concat(text.EnumerateRunes().Where(rune => rune.Value != 0));
        return storable.Length <= length ? storable : storable[..(char.IsHighSurrogate(storable[length - 1]) ? length - 1 : length)];
    }
}

internal static class DetailsJson
{
    private static readonly string[] Secrets = ["password", "secret", "token", "hash", "apikey", "api_key", "authorization", "cookie"];

    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static bool TellsOfSecret(string name) => Secrets.Any(secret => name.Contains(secret, StringComparison.OrdinalIgnoreCase));
}
