namespace VisionPlatform.Domain.Organizations;

/// <summary>
/// A company or division that people belong to, with limits on what they use altogether (null: no limit). Its people see
/// nothing of another's.
/// </summary>
public sealed class Organization
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Unique, ignoring case.</summary>
    public required string Name { get; set; }
    public string? Company { get; set; }
    public string? Division { get; set; }

    /// <summary>People who belong to it, with those who are invited.</summary>
    public int? MaxUsers { get; set; }

    /// <summary>Images that its people uploaded, in GB of 10⁹ bytes.</summary>
    public int? MaxStorageGb { get; set; }

    /// <summary>Hours of training in a calendar month (UTC).</summary>
    public int? MaxGpuHoursPerMonth { get; set; }

    /// <summary>Training jobs that are queued or run.</summary>
    public int? MaxConcurrentJobs { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Changes with every write; the database gives it.</summary>
    public uint Version { get; init; }
}

/// <summary>How large the texts and numbers of an organization may be.</summary>
public static class OrganizationLimits
{
    public const int Name = 200;
    public const int Company = 200;
    public const int Division = 200;
    public const int Quota = 1_000_000;
}
