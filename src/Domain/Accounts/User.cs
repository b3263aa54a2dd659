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

    /// <summary>One of <see cref="Avatar.Colors"/>; null for the one that follows from the id.</summary>
    public string? BadgeColor { get; set; }

    /// <summary>Access tokens issued earlier are not valid any more.</summary>
    public DateTimeOffset? PasswordChangedAt { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Changes with every write; the database gives it.</summary>
    public uint Version { get; init; }
}
