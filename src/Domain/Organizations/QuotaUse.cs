namespace VisionPlatform.Domain.Organizations;

/// <summary>What is limited.</summary>
public enum QuotaKind
{
    /// <summary>Projects that the account owns.</summary>
    Projects,

    /// <summary>Datasets that the account created.</summary>
    Datasets,

    /// <summary>Training jobs that are queued or running.</summary>
    ConcurrentJobs,

    /// <summary>Size of the images, in GB of 10⁹ bytes.</summary>
    StorageGb,

    /// <summary>Hours of training in the present calendar month (UTC).</summary>
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
    /// <summary>Whether this much more still fits.</summary>
    public bool HasRoomFor(double more) => Limit is not { } limit || Used + more <= limit;

    /// <summary>
    /// Whether a request that is under way need not be held back by others like it, each counted with what is done but not with what the
    /// others are about to do: at most half of the limit is used and none asks for more than a thousandth, so 500 at once still fit.
    /// A database has fewer connections.
    /// </summary>
    /// <param name="asked">How much this request asks for.</param>
    public bool IsFarFromLimit(double asked) => Limit is not { } limit || (Used <= limit / 2 && asked <= limit / 1_000);
}
