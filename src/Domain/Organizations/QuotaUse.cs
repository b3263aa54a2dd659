namespace VisionPlatform.Domain.Organizations;

/// <summary>What is limited.</summary>
public enum QuotaKind
{
    /// <summary>Projects that the account owns.</summary>
    Projects,

    /// <summary>Datasets that the account created.</summary>
    Datasets,

    /// <summary>Training jobs that are queued or running, and predictions of datasets under way.</summary>
    ConcurrentJobs,

    /// <summary>Exports that are queued or running.</summary>
    ConcurrentExports,

    /// <summary>Size of the images, in GB of 10⁹ bytes.</summary>
    StorageGb,

    /// <summary>Hours of jobs and predictions in the current calendar month (UTC).</summary>
    GpuHoursPerMonth,

    /// <summary>People who belong to the organization or are invited.</summary>
    Users,
}

/// <summary>Whose limit it is.</summary>
public enum QuotaScope
{
    /// <summary>The limit of one account, which comes with its role.</summary>
    Account,

    /// <summary>The limit that all people of an organization share.</summary>
    Organization,
}

/// <summary>A limit and how much of it is used.</summary>
/// <param name="Kind">What is limited.</param>
/// <param name="Scope">Whose limit it is.</param>
/// <param name="Limit">Largest amount allowed; null when there is no limit.</param>
/// <param name="Used">Amount in use.</param>
public sealed record QuotaUse(QuotaKind Kind, QuotaScope Scope, double? Limit, double Used)
{
    /// <summary>Whether the limit allows this much more.</summary>
    public bool HasRoomFor(double more) => Limit is not { } limit || Used + more <= limit;

    /// <summary>
    /// Whether simultaneous requests need not wait for one another. Each request sees what is used, but not what the others are about to add.
    /// At most half of the limit is used and no request adds more than a thousandth of it, so 500 simultaneous requests still fit.
    /// A database has fewer connections than that.
    /// </summary>
    /// <param name="asked">How much this request adds.</param>
    public bool IsFarFromLimit(double asked) => Limit is not { } limit || (Used <= limit / 2 && asked <= limit / 1_000);
}
