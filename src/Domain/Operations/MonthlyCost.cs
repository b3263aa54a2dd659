namespace VisionPlatform.Domain.Operations;

/// <summary>What an installation uses in a month.</summary>
/// <param name="Databases">Databases, each a service of its own.</param>
/// <param name="Applications">Services that run a program: the app, the console.</param>
/// <param name="StoredBytes">Bytes in all buckets.</param>
/// <param name="Writes">Requests of class A: PUT, COPY, LIST.</param>
/// <param name="Reads">Requests of class B: GET, HEAD.</param>
public sealed record MonthlyUsage(int Databases, int Applications, long StoredBytes, long Writes, long Reads);

/// <summary>One line of an estimate.</summary>
/// <param name="Service">What is paid for.</param>
/// <param name="Quantity">How much of it.</param>
/// <param name="Dollars">US dollars a month.</param>
public sealed record CostLine(string Service, string Quantity, decimal Dollars);

/// <summary>List prices in US dollars a month: Railway by service, Cloudflare R2 by use above its free tier.</summary>
public static class MonthlyCost
{
    public const decimal RailwayDatabase = 5m;
    public const decimal RailwayApplication = 20m;
    public const decimal R2Gigabyte = 0.015m;
    public const decimal R2MillionWrites = 4.50m;
    public const decimal R2MillionReads = 0.36m;
    public const decimal FreeGigabytes = 10m;
    public const decimal FreeMillionWrites = 1m;
    public const decimal FreeMillionReads = 10m;

    /// <summary>The estimate, a line for each service. Data that leaves R2 costs nothing.</summary>
    public static IReadOnlyList<CostLine> Of(MonthlyUsage usage)
    {
        var (gigabytes, writes, reads) = (usage.StoredBytes / 1e9m, usage.Writes / 1e6m, usage.Reads / 1e6m);
        return
        [
            new("Railway databases", $"{usage.Databases}", usage.Databases * RailwayDatabase),
            new("Railway applications", $"{usage.Applications}", usage.Applications * RailwayApplication),
            new("R2 storage", FormattableString.Invariant($"{gigabytes:0.##} GB"), Above(gigabytes, FreeGigabytes) * R2Gigabyte),
            new("R2 writes", FormattableString.Invariant($"{writes:0.###} million"), Above(writes, FreeMillionWrites) * R2MillionWrites),
            new("R2 reads", FormattableString.Invariant($"{reads:0.###} million"), Above(reads, FreeMillionReads) * R2MillionReads),
        ];
    }

    private static decimal Above(decimal used, decimal free) => Math.Max(0, used - free);
}
