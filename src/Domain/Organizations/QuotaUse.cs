namespace VisionPlatform.Domain.Organizations;

/// <summary>What is limited.</summary>
public enum QuotaKind
{
    Projects,
    Datasets,
    ConcurrentJobs,
    StorageGb,
    GpuHoursPerMonth,
    Users,
}

/// <summary>Whose limit it is.</summary>
public enum QuotaScope
{
    Account,
    Organization,
}

/// <summary>A limit and how much of it is used.</summary>
/// <param name="Kind">What is limited.</param>
/// <param name="Scope">Whose limit it is.</param>
/// <param name="Limit">How much there may be; null without a limit.</param>
/// <param name="Used">How much there is.</param>
public sealed record QuotaUse(QuotaKind Kind, QuotaScope Scope, double? Limit, double Used)
{
    /// <summary>Whether this much more still fits.</summary>
    public bool HasRoomFor(double more) => Limit is not { } limit || Used + more <= limit;
}
