using System.Globalization;
using Npgsql;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>Something that would not survive a copy, or that prevents it.</summary>
/// <param name="IsBlocking">Whether the copy is refused.</param>
/// <param name="Message">One sentence.</param>
public sealed record PreflightFinding(bool IsBlocking, string Message);

/// <summary>What a copy would move, and what would not survive it.</summary>
/// <param name="Tables">Tables that hold rows.</param>
/// <param name="Bytes">Their size without indexes.</param>
/// <param name="DatabaseBytes">Size of the source database: what the target needs at least.</param>
/// <param name="LargeObjects">How many large objects there are.</param>
/// <param name="Findings">Blocking ones first.</param>
public sealed record PreflightReport(int Tables, long Bytes, long DatabaseBytes, long LargeObjects, IReadOnlyList<PreflightFinding> Findings)
{
    public bool IsBlocked => Findings.Any(finding => finding.IsBlocking);
}

/// <summary>Compares two databases before the first byte moves.</summary>
internal static class Preflight
{
    private const int OldestVersion = 150000;

    private sealed record Facts(
        int Version, string Encoding, string Collate, string Provider, string? CollationVersion, string? ActualCollationVersion, long Bytes, string Name, bool IsReadOnly,
        bool MayCreate, bool SeesAllRows, long LargeObjects);

    /// <param name="source">The database to copy.</param>
    /// <param name="target">The database that receives the copy.</param>
    /// <param name="replace">The target database's name, if its rows may be lost.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<PreflightReport> RunAsync(NpgsqlConnection source, NpgsqlConnection target, string? replace, CancellationToken cancellation)
    {
        var (from, to) = (await FactsAsync(source, cancellation), await FactsAsync(target, cancellation));
        var relations = await SchemaReader.RelationsAsync(source, cancellation);
        var findings = new List<PreflightFinding>();
        CheckServers(source, target, from, to, findings);
        await CheckRightsAsync(source, from, to, findings, cancellation);
        await CheckTargetRowsAsync(target, to, replace, findings, cancellation);
        await CheckExtensionsAsync(source, target, findings, cancellation);
        await CheckCollationAsync(source, from, to, findings, cancellation);
        await CheckRolesAsync(source, target, findings, cancellation);
        foreach (var (kind, name) in await Catalog.RowsAsync(source, Catalog.Query("not-copied"), row => (row.GetString(0), row.GetString(1)), cancellation))
            findings.Add(new PreflightFinding(false, $"not copied: {kind} {name}"));
        return new PreflightReport(relations.Count, relations.Sum(relation => relation.Bytes), from.Bytes, from.LargeObjects, [.. findings.OrderByDescending(finding => finding.IsBlocking)]);
    }

    private static async Task<Facts> FactsAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        (await Catalog.RowsAsync(connection, Catalog.Query("database-facts"), row => new Facts(
            row.GetInt32(0), row.GetString(1), row.GetString(2) + "/" + row.GetString(3), row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5), row.IsDBNull(6) ? null : row.GetString(6),
            row.GetInt64(7), row.GetString(8), row.GetBoolean(9) || row.GetBoolean(10), row.GetBoolean(11), row.GetBoolean(12), row.GetInt64(13)), cancellation))[0];

    private static void CheckServers(NpgsqlConnection source, NpgsqlConnection target, Facts from, Facts to, List<PreflightFinding> findings)
    {
        void Block(string message) => findings.Add(new PreflightFinding(true, message));
        if (source.Host == target.Host && source.Port == target.Port && from.Name == to.Name)
            Block("source and target are the same database");
        if (from.Version < OldestVersion || to.Version < OldestVersion)
            Block($"PostgreSQL 15 or later is needed on both sides; the source has {Release(from.Version)}, the target {Release(to.Version)}");
        else if (to.Version / 10000 < from.Version / 10000)
            Block($"the target's PostgreSQL {Release(to.Version)} is older than the source's {Release(from.Version)}");
        if (from.Encoding != to.Encoding)
            Block($"the source's encoding is {from.Encoding}, the target's {to.Encoding}");
        if (to.IsReadOnly)
            Block("the target is read-only");
        if (!to.MayCreate)
            Block($"the user may not create schemas in the target database {to.Name}");
    }

    private static async Task CheckRightsAsync(NpgsqlConnection source, Facts from, Facts to, List<PreflightFinding> findings, CancellationToken cancellation)
    {
        foreach (var (name, isReadable) in await Catalog.RowsAsync(source, Catalog.Query("unreadable-tables"), row => (row.GetString(0), row.GetBoolean(1)), cancellation))
        {
            if (!isReadable)
                findings.Add(new PreflightFinding(true, $"the source's user may not read {name}"));
            else if (!from.SeesAllRows)
                findings.Add(new PreflightFinding(true, $"row security hides rows of {name} from the source's user"));
        }
        if (from.LargeObjects > 0 && !to.SeesAllRows)
            findings.Add(new PreflightFinding(false, $"{from.LargeObjects} large objects will belong to the target's user"));
    }

    private static async Task CheckTargetRowsAsync(NpgsqlConnection target, Facts to, string? replace, List<PreflightFinding> findings, CancellationToken cancellation)
    {
        if (replace is not null && replace != to.Name)
            findings.Add(new PreflightFinding(true, $"--replace names {replace}, but the target database is {to.Name}"));
        var (empty, filled) = (0, new List<string>());
        foreach (var relation in await SchemaReader.RelationsAsync(target, cancellation))
        {
            if (await Catalog.ScalarAsync<bool>(target, $"SELECT EXISTS (SELECT FROM {relation.Name})", cancellation))
                filled.Add(relation.Name);
            else
                empty++;
        }
        if (filled.Count > 0 && replace is null)
            findings.Add(new PreflightFinding(true, $"the target has rows in {Some(filled)}; --replace {to.Name} removes everything there first"));
        else if (filled.Count > 0)
            findings.Add(new PreflightFinding(false, $"everything in the target database {to.Name} is removed first, with rows in {Some(filled)}"));
        else if (empty > 0)
            findings.Add(new PreflightFinding(false, $"{empty} empty tables of the target are replaced"));
    }

    private static async Task CheckExtensionsAsync(NpgsqlConnection source, NpgsqlConnection target, List<PreflightFinding> findings, CancellationToken cancellation)
    {
        const string installed = "SELECT extname::text, extversion FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1";
        const string available = "SELECT name::text, coalesce(installed_version, default_version) FROM pg_available_extensions";
        var there = (await Catalog.RowsAsync(target, available, row => (row.GetString(0), row.GetString(1)), cancellation)).ToDictionary(pair => pair.Item1, pair => pair.Item2);
        foreach (var (name, version) in await Catalog.RowsAsync(source, installed, row => (row.GetString(0), row.GetString(1)), cancellation))
        {
            if (!there.TryGetValue(name, out var other))
                findings.Add(new PreflightFinding(true, $"the target's server does not have extension {name}"));
            else if (other != version)
                findings.Add(new PreflightFinding(false, $"extension {name} has version {version} at the source and {other} at the target"));
        }
    }

    private static async Task CheckCollationAsync(NpgsqlConnection source, Facts from, Facts to, List<PreflightFinding> findings, CancellationToken cancellation)
    {
        var indexes = await Catalog.RowsAsync(source, Catalog.Query("collated-indexes"), row => row.GetString(0), cancellation);
        if (from.CollationVersion is { } recorded && from.ActualCollationVersion is { } actual && recorded != actual)
            findings.Add(new PreflightFinding(false, $"the source's operating system sorts text by version {actual} now, its indexes were made under {recorded}: a unique index there may hide duplicates, which would fail at the target{Of(indexes)}"));
        if ((from.Collate, from.Provider) != (to.Collate, to.Provider))
            findings.Add(new PreflightFinding(false, $"text is sorted by {from.Collate} (provider {from.Provider}) at the source and by {to.Collate} (provider {to.Provider}) at the target{Of(indexes)}"));
        else if (from.ActualCollationVersion != to.ActualCollationVersion)
            findings.Add(new PreflightFinding(false, $"text is sorted by collation version {from.ActualCollationVersion ?? "unknown"} at the source and {to.ActualCollationVersion ?? "unknown"} at the target{Of(indexes)}"));

        static string Of(List<string> indexes) => indexes.Count == 0 ? "" : $"; unique indexes over text: {Some(indexes)}";
    }

    private static async Task CheckRolesAsync(NpgsqlConnection source, NpgsqlConnection target, List<PreflightFinding> findings, CancellationToken cancellation)
    {
        var user = await Catalog.ScalarAsync<string>(source, "SELECT current_user::text", cancellation);
        var there = (await Catalog.RowsAsync(target, "SELECT rolname::text FROM pg_roles", row => row.GetString(0), cancellation)).ToHashSet(StringComparer.Ordinal);
        foreach (var role in await Catalog.RowsAsync(source, Catalog.Query("roles"), row => row.GetString(0), cancellation))
            if (role != user && !there.Contains(role))
                findings.Add(new PreflightFinding(false, $"role {role} does not exist at the target: what it owns will belong to the target's user, what it was granted is not granted"));
    }

    private static string Some(List<string> names) => names.Count <= 5 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(5))} and {names.Count - 5} more";

    private static string Release(int version) => string.Create(CultureInfo.InvariantCulture, $"{version / 10000}.{version % 10000}");
}
