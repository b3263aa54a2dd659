using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Resilience;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

/// <summary>A trainer and what it offers.</summary>
/// <param name="Online">Whether the trainer answers now. If it does not, the capabilities are the last known ones.</param>
/// <param name="Capabilities">Null if the trainer has never answered.</param>
public sealed record TrainerEntry(string Framework, bool Online, TrainerCapabilities? Capabilities);

/// <summary>What each trainer offers. The answers are stored in the database for times when a trainer is away.</summary>
public sealed class TrainerCatalog(TrainerClient client, PlatformDatabase database, TimeProvider time)
{
    /// <summary>Asks all trainers at the same time. One that does not answer soon delays nobody and is shown with what it last offered.</summary>
    public async Task<IReadOnlyList<TrainerEntry>> ListAsync(CancellationToken cancellation)
    {
        var known = await database.Trainers.AsNoTracking().ToDictionaryAsync(trainer => trainer.Framework, StringComparer.Ordinal, cancellation);
        var answers = await Task.WhenAll(client.Frameworks.Order(StringComparer.Ordinal).Select(async framework => (framework, offered: await AskAsync(framework, Integrations.TrainerList, cancellation))));
        foreach (var (framework, offered) in answers)
            await RememberAsync(framework, offered, known.GetValueOrDefault(framework), cancellation);
        return [.. answers.Select(answer => Entry(answer.framework, answer.offered, known.GetValueOrDefault(answer.framework)))];
    }

    /// <exception cref="ProblemException"><see cref="ErrorCodes.UnknownFramework"/>, or <see cref="ErrorCodes.TrainerUnavailable"/> if the trainer has never answered.</exception>
    public async Task<TrainerCapabilities> RequireAsync(string framework, CancellationToken cancellation)
    {
        if (!client.Frameworks.Contains(framework))
            throw new ProblemException(ErrorCodes.UnknownFramework, $"No trainer offers '{framework}'. There are: {string.Join(", ", client.Frameworks)}.", "framework");
        return (await FindAsync(framework, cancellation)).Capabilities
            ?? throw new ProblemException(ErrorCodes.TrainerUnavailable, $"The {framework} trainer has not answered yet.");
    }

    public async Task<TrainerEntry> FindAsync(string framework, CancellationToken cancellation)
    {
        var known = await database.Trainers.AsNoTracking().FirstOrDefaultAsync(trainer => trainer.Framework == framework, cancellation);
        var offered = await AskAsync(framework, Integrations.TrainerQuery, cancellation);
        await RememberAsync(framework, offered, known, cancellation);
        return Entry(framework, offered, known);
    }

    // A service whose jobs run as executions does not know how many of them there may be.
    private TrainerEntry Entry(string framework, TrainerCapabilities? offered, Trainer? known)
    {
        var capabilities = offered ?? known?.Capabilities;
        return new TrainerEntry(framework, offered is not null, client.JobOf(framework) is { } job && capabilities is not null ? capabilities with { Slots = job.Executions } : capabilities);
    }

    /// <summary>Null when the trainer is away or answers something else.</summary>
    private async Task<TrainerCapabilities?> AskAsync(string framework, IntegrationPolicy patience, CancellationToken cancellation)
    {
        try
        {
            return await client.GetCapabilitiesAsync(framework, cancellation, patience);
        }
        catch (ProblemException away) when (away.Error == ErrorCodes.TrainerUnavailable || away.Error == ErrorCodes.TrainerProtocol || away.Error == ErrorCodes.UnknownFramework)
        {
            return null;
        }
    }

    // Not at every question: what a trainer offers seldom changes.
    private async Task RememberAsync(string framework, TrainerCapabilities? offered, Trainer? known, CancellationToken cancellation)
    {
        if (offered is null || (known is not null && time.GetUtcNow() - known.SeenAt <= TimeSpan.FromMinutes(1)))
            return;
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO trainers (framework, capabilities, seen_at)
            VALUES ({framework}, {System.Text.Json.JsonSerializer.Serialize(offered, TrainerClient.Json)}::jsonb, {time.GetUtcNow()})
            ON CONFLICT (framework) DO UPDATE SET capabilities = EXCLUDED.capabilities, seen_at = EXCLUDED.seen_at
            """, cancellation);
    }
}
