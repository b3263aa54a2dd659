namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// One sign-in of a person on one device, from the password to the sign-out. Access tokens name it and stop working when it
/// ends; its refresh tokens follow one another.
/// </summary>
public sealed class UserSession
{
    /// <summary>Longest description of a client that is kept, in characters.</summary>
    public const int MaximumClientLength = 300;

    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid UserId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The last sign-in or refresh.</summary>
    public required DateTimeOffset LastUsedAt { get; set; }

    /// <summary>Until when its newest refresh token is good.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }

    /// <summary>The program that signed in, as it calls itself.</summary>
    public string? Client { get; init; }

    /// <summary>The IP address that was last used.</summary>
    public string? Address { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>One refresh token of a session; only its hash is kept.</summary>
public sealed class RefreshToken
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid UserId { get; init; }
    public required Guid SessionId { get; init; }

    /// <summary>SHA-256 of the token.</summary>
    public required byte[] TokenHash { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? UsedAt { get; set; }
}
