using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Import;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Import;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Import;

/// <summary>
/// What the import of one batch of rows shares: the mapping, what old ids have become, and what there is to tell. Nothing is written before
/// <see cref="SaveAsync"/>, and nothing at all by a dry run, which keeps the ids that it would have made.
/// </summary>
internal sealed class ImportWork(OriginalMapping mapping, UserDatabase users, PlatformDatabase platform, LabelingDatabase labeling, bool isDryRun, TimeProvider time)
{
    private readonly Dictionary<(string Kind, string OldId), Guid> _planned = [];
    private readonly List<ImportIssue> _issues = [];

    public OriginalMapping Mapping => mapping;

    public UserDatabase Users => users;

    public PlatformDatabase Platform => platform;

    public LabelingDatabase Labeling => labeling;

    public bool IsDryRun => isDryRun;

    public DateTimeOffset Now { get; } = time.GetUtcNow();

    /// <summary>The kind of the rows at hand.</summary>
    public string Kind { get; set; } = "";

    public int Added { get; private set; }

    public int Left { get; private set; }

    public int Noted { get; private set; }

    /// <summary>Everything that was told so far; only a dry run keeps it.</summary>
    public List<ImportIssue> Told { get; } = [];

    /// <summary>The ids that rows have here.</summary>
    /// <param name="kind">Their kind.</param>
    /// <param name="oldIds">Ids there; null is ignored.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<IReadOnlyDictionary<string, Guid>> FindAsync(string kind, IEnumerable<string?> oldIds, CancellationToken cancellation)
    {
        var wanted = oldIds.OfType<string>().Distinct().ToDictionary(id => id, ImportedRow.KeyOf, StringComparer.Ordinal);
        string[] keys = [.. wanted.Values];
        var isOfUsers = kind is ImportKinds.Organizations or ImportKinds.Users or ImportKinds.ProjectMembers or ImportKinds.DatasetMembers or ImportKinds.LabelingMembers;
        var known = await (isOfUsers ? users.ImportedRows : platform.ImportedRows).AsNoTracking()
            .Where(row => row.System == mapping.System && row.Kind == kind && keys.Contains(row.OldId)).ToDictionaryAsync(row => row.OldId, row => row.NewId, StringComparer.Ordinal, cancellation);
        foreach (var key in keys)
            if (_planned.TryGetValue((kind, key), out var planned))
                known.TryAdd(key, planned);
        return wanted.Where(pair => known.ContainsKey(pair.Value)).ToDictionary(pair => pair.Key, pair => known[pair.Value], StringComparer.Ordinal);
    }

    /// <summary>The accounts of addresses, by address.</summary>
    public async Task<Dictionary<string, Guid>> FindAccountsAsync(string[] addresses, CancellationToken cancellation)
    {
        var accounts = await users.Users.Where(user => addresses.Contains(user.NormalizedEmail)).ToDictionaryAsync(user => user.NormalizedEmail, user => user.Id, cancellation);
        foreach (var address in addresses)
            if (_planned.TryGetValue(("address", address), out var planned))
                accounts.TryAdd(address, planned);
        return accounts;
    }

    /// <summary>Keeps the account that a dry run would make for an address.</summary>
    public void PlanAccount(string address, Guid id)
    {
        if (isDryRun)
            _planned[("address", address)] = id;
    }

    /// <summary>Adds a new row to its database, with the old id that it comes from.</summary>
    public void Add(DbContext database, object row, OldRow old, Guid newId)
    {
        database.Add(row);
        Record(database, Kind, old.Id, newId);
        Added++;
    }

    /// <summary>Records what an old id has become, without a new row.</summary>
    public void Record(DbContext database, string kind, string oldId, Guid newId)
    {
        var key = ImportedRow.KeyOf(oldId);
        database.Add(new ImportedRow { System = mapping.System, Kind = kind, OldId = key, NewId = newId, ImportedAt = Now });
        if (isDryRun && kind is not (ImportKinds.Annotations or ImportKinds.ProjectMembers or ImportKinds.DatasetMembers or ImportKinds.LabelingMembers))
            _planned[(kind, key)] = newId;
    }

    /// <summary>Counts what was done without <see cref="Add"/>.</summary>
    public void Count(int added) => Added += added;

    /// <summary>Tells that a row is not here.</summary>
    public void Leave(OldRow row, string reason)
    {
        Tell(row, reason, isLeft: true);
        Left++;
    }

    /// <summary>Tells that a row is here, but not as it was.</summary>
    public void Note(OldRow row, string reason)
    {
        Tell(row, reason, isLeft: false);
        Noted++;
    }

    /// <summary>
    /// Writes what was told of these rows and then the rows. In this order, so that an import that is killed in between tells it again. A reason of
    /// an earlier run goes away when the row is here now.
    /// </summary>
    public async Task SaveAsync(DbContext database, IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        if (isDryRun)
        {
            Told.AddRange(_issues);
            _issues.Clear();
            database.ChangeTracker.Clear();
            return;
        }
        await TellAsync(rows, cancellation);
        await database.SaveChangesAsync(cancellation);
        database.ChangeTracker.Clear();
    }

    private async Task TellAsync(IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        string[] ids = [.. rows.Select(row => ImportedRow.KeyOf(row.Id))];
        var (system, kind) = (mapping.System, Kind);
        string[] told = [.. _issues.Select(issue => issue.OldId)], reasons = [.. _issues.Select(issue => issue.Reason)];
        bool[] left = [.. _issues.Select(issue => issue.IsLeft)];
        await platform.Database.ExecuteSqlAsync(
            $"""
            WITH gone AS (DELETE FROM import_issues WHERE system = {system} AND kind = {kind} AND old_id = ANY ({ids}) AND is_left AND old_id <> ALL ({told}))
            INSERT INTO import_issues (system, kind, old_id, reason, is_left, noted_at)
            SELECT {system}, {kind}, told.old_id, string_agg(told.reason, ' '), bool_or(told.is_left), {Now} FROM unnest({told}, {reasons}, {left}) AS told(old_id, reason, is_left) GROUP BY told.old_id
            ON CONFLICT (system, kind, old_id) DO UPDATE SET reason = excluded.reason, is_left = excluded.is_left, noted_at = excluded.noted_at
            """, cancellation);
        _issues.Clear();
    }

    /// <summary>A name as it is stored here, or what is wrong with it.</summary>
    public static (string? Name, string? Problem) NameOf(string? text, int longest)
    {
        if (text is null)
            return (null, "it has no name");
        var name = text.AsName();
        return name.Length > longest ? (null, $"its name has more than {longest} characters")
            : VisibleText.Problem(name) is { } problem ? (null, $"its name {problem.TrimEnd('.')}")
            : (name, null);
    }

    /// <summary>A longer text, or null with a note if it cannot be taken as it is.</summary>
    public string? ProseOf(OldRow row, string field, int longest)
    {
        var text = row.Text(field);
        var problem = text is null ? null : text.Length > longest ? $"has more than {longest} characters" : VisibleText.Problem(text, '\n', '\r', '\t')?.TrimEnd('.');
        if (problem is not null)
            Note(row, $"Its {field} was left out, as it {problem}.");
        return problem is null ? text : null;
    }

    private void Tell(OldRow row, string reason, bool isLeft)
    {
        var text = reason.Replace('\0', ' ');
        _issues.Add(new ImportIssue
        {
            System = mapping.System, Kind = Kind, OldId = ImportedRow.KeyOf(row.Id), IsLeft = isLeft, NotedAt = Now,
            Reason = text.Length <= ImportIssue.MaximumReason / 4 ? text : text[..(ImportIssue.MaximumReason / 4)],
        });
    }
}

/// <summary>Imports the rows of one kind.</summary>
internal interface IRowImport
{
    /// <summary>Imports a batch. What is here already is left as it is.</summary>
    Task ImportAsync(IReadOnlyList<OldRow> rows, CancellationToken cancellation);
}
