using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

/// <summary>A trainer and what it offers.</summary>
/// <param name="Online">Whether the trainer answers now. If it does not, the capabilities are the last known ones.</param>
/// <param name="Capabilities">Null if the trainer has never answered.</param>
public sealed record TrainerEntry(string Framework, bool Online, TrainerCapabilities? Capabilities);

/// <summary>What each trainer offers. The answers are stored in the database for times when a trainer is away.</summary>
public sealed class TrainerCatalog(TrainerClient client, PlatformDatabase database, TimeProvider time)
{
    public async Task<IReadOnlyList<TrainerEntry>> ListAsync(CancellationToken cancellation)
    {
        var entries = new List<TrainerEntry>();
        foreach (var framework in client.Frameworks.Order(StringComparer.Ordinal))
            entries.Add(await FindAsync(framework, cancellation));
        return entries;
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
        try
        {
            var capabilities = await client.GetCapabilitiesAsync(framework, cancellation);
            if (known is null || time.GetUtcNow() - known.SeenAt > TimeSpan.FromMinutes(1))
                await RememberAsync(framework, capabilities, cancellation);
            return new TrainerEntry(framework, Online: true, capabilities);
        }
        catch (ProblemException away) when (away.Error == ErrorCodes.TrainerUnavailable || away.Error == ErrorCodes.TrainerProtocol || away.Error == ErrorCodes.UnknownFramework)
        {
            return new TrainerEntry(framework, Online: false, known?.Capabilities);
        }
    }

    private Task RememberAsync(string framework, TrainerCapabilities capabilities, CancellationToken cancellation) =>
        database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO trainers (framework, capabilities, seen_at)
            VALUES ({framework}, {System.Text.Json.JsonSerializer.Serialize(capabilities, TrainerClient.Json)}::jsonb, {time.GetUtcNow()})
            ON CONFLICT (framework) DO UPDATE SET capabilities = EXCLUDED.capabilities, seen_at = EXCLUDED.seen_at
            """, cancellation);
}
