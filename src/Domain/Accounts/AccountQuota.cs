namespace VisionPlatform.Domain.Accounts;

/// <summary>How much one account may have at a time; null means no limit.</summary>
/// <param name="Projects">Projects that it owns.</param>
/// <param name="Datasets">Datasets that it created.</param>
/// <param name="ConcurrentJobs">Its training jobs that are queued or running, and its predictions of datasets under way.</param>
/// <param name="ConcurrentExports">Its exports that are queued or running.</param>
/// <param name="StorageGb">Images that it uploaded, in GB of 10⁹ bytes.</param>
/// <param name="GpuHoursPerMonth">Hours of its jobs and predictions in a calendar month (UTC).</param>
public sealed record AccountQuota(int? Projects, int? Datasets, int? ConcurrentJobs, int? ConcurrentExports, int? StorageGb, int? GpuHoursPerMonth)
{
    /// <summary>The quota of a system role.</summary>
    public static AccountQuota For(SystemRole role) => role switch
    {
        SystemRole.Guest => new(1, 1, 1, 2, 10, 10),
        SystemRole.StandardEngineer => new(10, 20, 3, 10, 100, 100),
        SystemRole.AdvancedEngineer => new(50, 100, 10, 20, 500, 500),
        SystemRole.Manager => new(null, null, 20, 40, 1000, null),
        SystemRole.Admin => new(null, null, null, null, null, null),
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Unknown system role."),
    };
}
