namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// A session of a person on one device, from the sign-in to the sign-out. Its access tokens stop working when it ends.
/// Each of its refresh tokens is replaced by the next.
/// </summary>
public sealed class UserSession
{
    /// <summary>Longest description of a client, in characters.</summary>
    public const int MaximumClientLength = 300;

    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid UserId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The last sign-in or refresh.</summary>
    public required DateTimeOffset LastUsedAt { get; set; }

    /// <summary>When its newest refresh token expires.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }

    /// <summary>The program that signed in, from its <c>User-Agent</c> header.</summary>
    public string? Client { get; init; }

    /// <summary>IP address of the last sign-in or refresh.</summary>
    public string? Address { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>A refresh token of a session. Only its hash is stored.</summary>
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
