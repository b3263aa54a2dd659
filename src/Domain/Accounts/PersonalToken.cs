namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// A token with which a script acts for a person. It never has more rights than the person, and only those within its
/// <see cref="TokenScopes"/>. Only its hash is stored.
/// </summary>
public sealed class PersonalToken
{
    /// <summary>Text at the beginning of every token, by which people and secret scanners recognise it.</summary>
    public const string Prefix = "pat_";

    /// <summary>Largest number of valid tokens of one person.</summary>
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

    /// <summary>When it was last used, exact to about a minute; null when it was never used.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }
}
