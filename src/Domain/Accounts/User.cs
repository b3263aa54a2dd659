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

    /// <summary>Where the person belongs; null when nowhere.</summary>
    public Guid? OrganizationId { get; set; }
    public bool MustChangePassword { get; set; }

    /// <summary>Access tokens issued earlier are not valid any more.</summary>
    public DateTimeOffset? PasswordChangedAt { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Changes with every write; the database gives it.</summary>
    public uint Version { get; init; }
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

/// <summary>
/// Failed sign-ins with one address since the last good one. Kept by address, whether it has an account or not, so that
/// being locked out does not tell who has one.
/// </summary>
public sealed class SignInFailures
{
    /// <summary>SHA-256 of the normalised address.</summary>
    public required byte[] EmailHash { get; init; }
    public required int Count { get; set; }
    public required DateTimeOffset LastAt { get; set; }
    public DateTimeOffset? LockedUntil { get; set; }
}
