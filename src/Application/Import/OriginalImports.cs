using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Import;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Import;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Import;

/// <summary>What is imported.</summary>
/// <param name="Sources">Names of the other system's databases (<see cref="DataLocations"/>).</param>
/// <param name="Mapping">What its tables and columns mean.</param>
/// <param name="Objects">Name of the bucket with its images; null for none.</param>
/// <param name="Places">Addresses of the sources and the bucket, without passwords: an interrupted import does not go on with others of the same names.</param>
public sealed record ImportRequest(IReadOnlyList<string> Sources, OriginalMapping Mapping, string? Objects, string Places);

/// <summary>A table that will be imported.</summary>
/// <param name="Kind">What its rows are.</param>
/// <param name="Table">Its name there.</param>
/// <param name="Rows">How many it has.</param>
public sealed record PlannedTable(string Kind, string Table, long Rows);

/// <summary>What an import is going to do.</summary>
/// <param name="Tables">In the order in which they are imported.</param>
/// <param name="Missing">Kinds that the mapping names and the source does not have.</param>
/// <param name="NotMapped">Tables of the source that hold rows and that the mapping does not name.</param>
public sealed record ImportPlan(IReadOnlyList<PlannedTable> Tables, IReadOnlyList<string> Missing, IReadOnlyList<string> NotMapped);

/// <summary>What became of some rows of one kind.</summary>
/// <param name="Read">Rows read.</param>
/// <param name="Added">Rows that are new here.</param>
/// <param name="Left">Rows that are not here.</param>
/// <param name="Noted">Things told about rows that are here.</param>
/// <param name="After">Where to go on; null at the end of the table.</param>
public sealed record ImportedRows(string Kind, long Read, long Added, long Left, long Noted, string? After);

/// <summary>What an import did.</summary>
/// <param name="Tables">By kind, in the order of the import.</param>
/// <param name="Missing">Kinds that the mapping names and the source does not have.</param>
/// <param name="NotMapped">Tables of the source that hold rows and that the mapping does not name.</param>
/// <param name="Issues">The first things told about rows, those that are not here first. All are in the table <c>import_issues</c>.</param>
public sealed record ImportReport(IReadOnlyList<ImportedRows> Tables, IReadOnlyList<string> Missing, IReadOnlyList<string> NotMapped, IReadOnlyList<ImportIssue> Issues)
{
    /// <summary>Rows of the source that are not here.</summary>
    public long Left => Tables.Sum(table => table.Left);
}

/// <summary>
/// Imports the tables of another system, batch by batch. A batch is one transaction that also records the old ids, so that each step can be repeated
/// and a second import adds only what is new. Quotas do not apply: what people had, they keep.
/// </summary>
public sealed class OriginalImports(
    DataLocations locations, UserDatabase users, PlatformDatabase platform, LabelingDatabase labeling, ObjectStores stores, ImageInspector inspector, DatasetLimits limits,
    OperationMeter meter, TimeProvider time)
{
    private const int BatchRows = 500;

    /// <summary>Batches of one call. The caller's history then stays short.</summary>
    private const int Batches = 10;

    /// <summary>How many things about rows a report names.</summary>
    private const int MostIssues = 1000;

    /// <summary>Compares the source with the mapping.</summary>
    /// <exception cref="OperationException">They do not fit, or the databases here are not ready.</exception>
    public async Task<ImportPlan> PlanAsync(ImportRequest request, CancellationToken cancellation)
    {
        foreach (var database in new DbContext[] { users, platform, labeling })
            if ((await database.Database.GetPendingMigrationsAsync(cancellation)).Any())
                throw new OperationException($"database {database.Database.GetDbConnection().Database} lacks migrations; run 'platform-cli database migrate' first");
        var reader = Reader(request);
        var (tables, missing) = (new List<PlannedTable>(), new List<string>());
        foreach (var kind in OriginalMapping.Kinds.Select(known => known.Kind))
        {
            if (request.Mapping.Tables.GetValueOrDefault(kind) is not { } mapping)
                continue;
            if (await reader.FindAsync(kind, mapping, cancellation).ExplainedAsync() is { } found)
                tables.Add(new PlannedTable(kind, found.Name, await OriginalReader.CountAsync(found, cancellation).ExplainedAsync()));
            else
                missing.Add($"{mapping.Table} ({kind})");
        }
        if (request.Objects is { } name)
            await CheckAsync(name, cancellation);
        if (tables.Count == 0)
            throw new OperationException("the source has none of the tables that the mapping names");
        var mapped = request.Mapping.Tables.Values.OfType<TableMapping>();
        return new ImportPlan(tables, missing, [.. (await reader.NotMappedAsync(mapped, cancellation).ExplainedAsync()).Distinct()]);
    }

    /// <summary>Imports the next rows of a kind.</summary>
    /// <param name="request">The import.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="after">Where an earlier call ended; null to begin.</param>
    /// <param name="cancellation">Ends it between two batches.</param>
    public Task<ImportedRows> ImportAsync(ImportRequest request, string kind, string? after, CancellationToken cancellation) =>
        ImportAsync(request, new ImportWork(request.Mapping, users, platform, labeling, isDryRun: false, time), kind, after, cancellation);

    /// <summary>Says what an import would do, and changes nothing.</summary>
    public async Task<ImportReport> DryRunAsync(ImportRequest request, CancellationToken cancellation)
    {
        var plan = await PlanAsync(request, cancellation);
        var work = new ImportWork(request.Mapping, users, platform, labeling, isDryRun: true, time);
        var tables = new List<ImportedRows>();
        foreach (var table in plan.Tables)
        {
            var sum = new ImportedRows(table.Kind, 0, 0, 0, 0, null);
            do
                sum = Sum(sum, await ImportAsync(request, work, table.Kind, sum.After, cancellation));
            while (sum.After is not null);
            tables.Add(sum);
        }
        return new ImportReport(tables, plan.Missing, plan.NotMapped, [.. work.Told.OrderByDescending(issue => issue.IsLeft).Take(MostIssues)]);
    }

    /// <summary>What is told about rows of the source after an import.</summary>
    public async Task<IReadOnlyList<ImportIssue>> IssuesAsync(string system, CancellationToken cancellation) =>
        await platform.ImportIssues.AsNoTracking().Where(issue => issue.System == system)
            .OrderByDescending(issue => issue.IsLeft).ThenBy(issue => issue.Kind).ThenBy(issue => issue.OldId).Take(MostIssues).ToListAsync(cancellation);

    /// <summary>Adds the outcome of a call to those before it.</summary>
    public static ImportedRows Sum(ImportedRows sum, ImportedRows next) => next with { Read = sum.Read + next.Read, Added = sum.Added + next.Added, Left = sum.Left + next.Left, Noted = sum.Noted + next.Noted };

    private async Task<ImportedRows> ImportAsync(ImportRequest request, ImportWork work, string kind, string? after, CancellationToken cancellation)
    {
        var reader = Reader(request);
        if (request.Mapping.Tables.GetValueOrDefault(kind) is not { } mapping || await reader.FindAsync(kind, mapping, cancellation).ExplainedAsync() is not { } table)
            throw new OperationException($"the source has no table for {kind} any more");
        using var objects = kind == ImportKinds.Images && request.Objects is { } name ? new ObjectStore(locations.Bucket(name), time) : null;
        work.Kind = kind;
        var (added, left, noted, read) = (work.Added, work.Left, work.Noted, 0L);
        var importer = await ImporterAsync(request, work, kind, reader, objects, cancellation);
        for (var n = 0; n < Batches; n++)
        {
            var rows = await OriginalReader.ReadAsync(table, after, BatchRows, cancellation).ExplainedAsync();
            if (rows.Count > 0)
                await importer.ImportAsync(rows, cancellation);
            read += rows.Count;
            meter.Add(rows.Count, 0);
            after = rows.Count == BatchRows ? rows[^1].Key : null;
            if (after is null)
                break;
        }
        return new ImportedRows(kind, read, work.Added - added, work.Left - left, work.Noted - noted, after);
    }

    private async Task<IRowImport> ImporterAsync(ImportRequest request, ImportWork work, string kind, OriginalReader reader, ObjectStore? objects, CancellationToken cancellation) => kind switch
    {
        ImportKinds.Organizations => new OrganizationImport(work),
        ImportKinds.Users => new UserImport(work),
        ImportKinds.Projects => new ProjectImport(work),
        ImportKinds.ProjectMembers => new MemberImport(work, "project", ImportKinds.Projects),
        ImportKinds.Datasets => new DatasetImport(work, await FindAsync(request, ImportKinds.LabelingProjects, reader, cancellation)),
        ImportKinds.DatasetMembers => new MemberImport(work, "dataset", ImportKinds.Datasets),
        ImportKinds.LabelingProjects => new LabelingProjectImport(work),
        ImportKinds.LabelingMembers => new MemberImport(work, "labelingProject", ImportKinds.LabelingProjects),
        ImportKinds.Images => new ImageImport(work, await FindAsync(request, ImportKinds.Datasets, reader, cancellation), objects, stores, inspector, limits),
        ImportKinds.Annotations => new AnnotationImport(work),
        _ => throw new OperationException($"there is no kind of rows '{kind}'"),
    };

    private static async Task<FoundTable?> FindAsync(ImportRequest request, string kind, OriginalReader reader, CancellationToken cancellation) =>
        request.Mapping.Tables.GetValueOrDefault(kind) is { } mapping ? await reader.FindAsync(kind, mapping, cancellation) : null;

    private async Task CheckAsync(string name, CancellationToken cancellation)
    {
        using var bucket = new ObjectStore(locations.Bucket(name), time);
        try
        {
            await bucket.CheckAsync(cancellation);
        }
        catch (Amazon.S3.AmazonS3Exception refused)
        {
            throw new OperationException($"bucket {bucket.Bucket} with the images refuses: {refused.Message}", refused);
        }
    }

    private OriginalReader Reader(ImportRequest request) => new([.. request.Sources.Select(locations.Database)]);
}
