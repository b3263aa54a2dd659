namespace VisionPlatform.Domain.Accounts;

/// <summary>How much one account may own at a time; null means no limit.</summary>
public sealed record AccountQuota(int? Projects, int? Datasets, int? ConcurrentJobs)
{
    /// <summary>The quota that comes with a system role.</summary>
    public static AccountQuota For(SystemRole role) => role switch
    {
        SystemRole.Guest => new(1, 1, 1),
        SystemRole.StandardEngineer => new(10, 20, 3),
        SystemRole.AdvancedEngineer => new(50, 100, 10),
        SystemRole.Manager => new(null, null, 20),
        SystemRole.Admin => new(null, null, null),
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Unknown system role."),
    };
}
