using Microsoft.EntityFrameworkCore;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>The answer to a request that carried an Idempotency-Key, stored in the database in which the request created something.</summary>
public sealed class IdempotentAnswer
{
    /// <summary>SHA-256 of caller, method, address and key.</summary>
    public required byte[] Key { get; init; }

    /// <summary>SHA-256 of the request's body.</summary>
    public required byte[] Fingerprint { get; init; }

    /// <summary>The answer as JSON, sealed under a <see cref="Secrets.SealingKey"/> of the same caller, method, address and key.</summary>
    public required byte[] Answer { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

internal static class IdempotentAnswers
{
    public static void MapIdempotentAnswers(this ModelBuilder model) => model.Entity<IdempotentAnswer>(answer =>
    {
        answer.HasKey(a => a.Key);
        answer.HasIndex(a => a.CreatedAt);
    });
}
