namespace VisionPlatform.Domain.Organizations;

/// <summary>
/// A company or division that people belong to, with limits that its people share (null: no limit). Its people cannot see
/// other organizations.
/// </summary>
public sealed class Organization
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Unique regardless of case.</summary>
    public required string Name { get; set; }
    public string? Company { get; set; }
    public string? Division { get; set; }

    /// <summary>Largest number of people who belong to it or are invited.</summary>
    public int? MaxUsers { get; set; }

    /// <summary>Largest size of all images of its people, in GB of 10⁹ bytes.</summary>
    public int? MaxStorageGb { get; set; }

    /// <summary>Hours of training in a calendar month (UTC).</summary>
    public int? MaxGpuHoursPerMonth { get; set; }

    /// <summary>Training jobs that may be queued or running at the same time.</summary>
    public int? MaxConcurrentJobs { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Version of the row (<c>xmin</c>). The database changes it with every write.</summary>
    public uint Version { get; init; }
}

/// <summary>Largest texts, in characters, and largest limit of an organization.</summary>
public static class OrganizationLimits
{
    public const int Name = 200;
    public const int Company = 200;
    public const int Division = 200;
    public const int Quota = 1_000_000;
}
