namespace VisionPlatform.Domain.Accounts;

/// <summary>A person who signs in; lives in the user database, shared by platform and labeling.</summary>
public sealed class User
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>As written by the person.</summary>
    public required string Email { get; set; }

    /// <summary>Trimmed and lower-case; unique.</summary>
    public required string NormalizedEmail { get; set; }
    public string? FullName { get; set; }
    public required string PasswordHash { get; set; }
    public SystemRole Role { get; set; } = SystemRole.Guest;
    public bool IsActive { get; set; } = true;
    public bool MustChangePassword { get; set; }

    /// <summary>Failed sign-ins since the last good one.</summary>
    public int FailedSignIns { get; set; }
    public DateTimeOffset? LockedUntil { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>One refresh token of a family that began with a sign-in; only its hash is kept.</summary>
public sealed class RefreshToken
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid UserId { get; init; }

    /// <summary>All tokens that were rotated from the same sign-in.</summary>
    public required Guid FamilyId { get; init; }

    /// <summary>SHA-256 of the token.</summary>
    public required byte[] TokenHash { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? UsedAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }
}
