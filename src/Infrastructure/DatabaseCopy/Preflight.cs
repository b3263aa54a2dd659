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
    private const int OldestVersion = DatabaseFacts.OldestVersion;

    /// <param name="source">The database to copy.</param>
    /// <param name="target">The database that receives the copy.</param>
    /// <param name="replace">The target database's name, if its rows may be lost.</param>
    /// <param name="tables">The tables whose rows are copied; null for all.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<PreflightReport> RunAsync(NpgsqlConnection source, NpgsqlConnection target, string? replace, TableSelection? tables, CancellationToken cancellation)
    {
        var (from, to) = (await DatabaseFacts.ReadAsync(source, cancellation), await DatabaseFacts.ReadAsync(target, cancellation));
        var selected = tables is null ? null : await tables.FindAsync(source, cancellation);
        var relations = await SchemaReader.RelationsAsync(source, cancellation, tables);
        var findings = new List<PreflightFinding>();
        CheckServers(source, target, from, to, findings);
        await CheckRightsAsync(source, from, to, selected?.Relations, findings, cancellation);
        if (selected is not null)
            await CheckSelectionAsync(source, from, selected, tables!.LeavesForeignKeysOut, findings, cancellation);
        await CheckTargetRowsAsync(target, to, replace, findings, cancellation);
        await CheckExtensionsAsync(source, target, findings, cancellation);
        await CheckCollationAsync(source, from, to, findings, cancellation);
        await CheckRolesAsync(source, target, findings, cancellation);
        foreach (var (kind, name) in await Catalog.RowsAsync(source, Catalog.Query("not-copied"), row => (row.GetString(0), row.GetString(1)), cancellation))
            findings.Add(new PreflightFinding(false, $"not copied: {kind} {name}"));
        return new PreflightReport(relations.Count, relations.Sum(relation => relation.Bytes), from.Bytes, from.LargeObjects, [.. findings.OrderByDescending(finding => finding.IsBlocking)]);
    }

    private static void CheckServers(NpgsqlConnection source, NpgsqlConnection target, DatabaseFacts from, DatabaseFacts to, List<PreflightFinding> findings)
    {
        void Block(string message) => findings.Add(new PreflightFinding(true, message));
        if (source.Host == target.Host && source.Port == target.Port && from.Name == to.Name)
            Block("source and target are the same database");
        if (from.Version < OldestVersion || to.Version < OldestVersion)
            Block($"PostgreSQL 15 or later is needed on both sides; the source has {DatabaseFacts.Release(from.Version)}, the target {DatabaseFacts.Release(to.Version)}");
        else if (to.Version / 10000 < from.Version / 10000)
            Block($"the target's PostgreSQL {DatabaseFacts.Release(to.Version)} is older than the source's {DatabaseFacts.Release(from.Version)}");
        if (from.Encoding != to.Encoding)
            Block($"the source's encoding is {from.Encoding}, the target's {to.Encoding}");
        if (to.IsReadOnly)
            Block("the target is read-only");
        if (!to.MayCreate)
            Block($"the user may not create schemas in the target database {to.Name}");
    }

    private static async Task CheckRightsAsync(NpgsqlConnection source, DatabaseFacts from, DatabaseFacts to, IReadOnlySet<string>? only, List<PreflightFinding> findings, CancellationToken cancellation)
    {
        if (await DatabaseFacts.UnreadableAsync(source, from, cancellation, only) is { } hidden)
            findings.Add(new PreflightFinding(true, hidden));
        if (only is null && from.LargeObjects > 0 && !to.SeesAllRows)
            findings.Add(new PreflightFinding(false, $"{from.LargeObjects} large objects will belong to the target's user"));
    }

    private static async Task CheckSelectionAsync(
        NpgsqlConnection source, DatabaseFacts from, SelectedTables selected, bool leavesForeignKeysOut, List<PreflightFinding> findings, CancellationToken cancellation)
    {
        var left = (await SchemaReader.RelationsAsync(source, cancellation)).Select(relation => relation.Name).Where(name => !selected.Relations.Contains(name)).Order(StringComparer.Ordinal).ToList();
        if (left.Count > 0)
            findings.Add(new PreflightFinding(false, $"{left.Count} tables are made without their rows: {Some(left)}"));
        if (from.LargeObjects > 0)
            findings.Add(new PreflightFinding(false, $"{from.LargeObjects} large objects are not copied, as not all tables are"));
        foreach (var key in selected.Cut)
            findings.Add(leavesForeignKeysOut
                ? new PreflightFinding(false, $"foreign key {key.Name} is not made, as the rows of {key.To} are not copied")
                : new PreflightFinding(true, $"foreign key {key.Name} refers to {key.To}, whose rows are not copied; copy that table too, or give --without-foreign-keys"));
    }

    internal static async Task CheckTargetRowsAsync(NpgsqlConnection target, DatabaseFacts to, string? replace, List<PreflightFinding> findings, CancellationToken cancellation)
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
        if (to.LargeObjects > 0)
            filled.Add($"{to.LargeObjects} large objects");
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

    private static async Task CheckCollationAsync(NpgsqlConnection source, DatabaseFacts from, DatabaseFacts to, List<PreflightFinding> findings, CancellationToken cancellation)
    {
        var indexes = await Catalog.RowsAsync(source, Catalog.Query("collated-indexes"), row => row.GetString(0), cancellation);
        if (from.CollationVersion is { } recorded && from.ActualCollationVersion is { } actual && recorded != actual)
            findings.Add(new PreflightFinding(false, $"the source's operating system sorts text by version {actual} now, its indexes were made under {recorded}: a unique index there may hide duplicates, which would fail at the target{Of(indexes)}"));
        if (from.Order != to.Order)
            findings.Add(new PreflightFinding(false, $"text is sorted by {from.Order} at the source and by {to.Order} at the target{Of(indexes)}"));
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
}
