namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// A token that a script uses in a person's name: never with more than the person's own rights, and only within its
/// <see cref="TokenScopes"/>. Only its hash is kept.
/// </summary>
public sealed class PersonalToken
{
    /// <summary>How every one begins, so that people and secret scanners know it.</summary>
    public const string Prefix = "pat_";

    /// <summary>Tokens one person may have at a time.</summary>
    public const int MaximumPerUser = 50;

    public const int MaximumNameLength = 100;
    public const int DefaultLifetimeDays = 90;
    public const int MaximumLifetimeDays = 366;

    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid UserId { get; init; }
    public required string Name { get; init; }

    /// <summary>SHA-256 of the token.</summary>
    public required byte[] TokenHash { get; init; }
    public required List<string> Scopes { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Exact to a minute or so: a use is noted beside the requests, not by each.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }
}
