namespace VisionPlatform.Domain.Accounts;

/// <summary>The account of a person, in the user database that platform and labeling share.</summary>
public sealed class User
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>The address as the person wrote it.</summary>
    public required string Email { get; set; }

    /// <summary>The address trimmed and in lower case; unique.</summary>
    public required string NormalizedEmail { get; set; }
    public string? FullName { get; set; }
    public required string PasswordHash { get; set; }
    public SystemRole Role { get; set; } = SystemRole.Guest;
    public bool IsActive { get; set; } = true;

    /// <summary>The person's organization; null for none.</summary>
    public Guid? OrganizationId { get; set; }
    public bool MustChangePassword { get; set; }

    /// <summary>One of <see cref="Avatar.Colors"/>; null for the color that the id determines.</summary>
    public string? BadgeColor { get; set; }

    /// <summary>Access tokens issued before this time are refused.</summary>
    public DateTimeOffset? PasswordChangedAt { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Version of the row (<c>xmin</c>). The database changes it with every write.</summary>
    public uint Version { get; init; }
}
