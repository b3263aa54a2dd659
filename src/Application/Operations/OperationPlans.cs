using System.Text.Json;
using VisionPlatform.Application.Backups;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.StorageSync;

namespace VisionPlatform.Application.Operations;

/// <summary>An operation that may be started.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Subject">With what, in names of locations.</param>
/// <param name="Function">Name of the orchestrator, or of the activity of a dry run.</param>
/// <param name="Request">Its input.</param>
/// <param name="Target">What it writes to; null if it only reads.</param>
/// <param name="IsDryRun">Whether it changes nothing.</param>
public sealed record OperationPlan(OperationKind Kind, string Subject, string Function, object Request, string? Target, bool IsDryRun = false);

/// <summary>An operation that a schedule wants.</summary>
/// <param name="Plan">What it does.</param>
/// <param name="Firing">The time of the schedule for which it is. There is one operation for each.</param>
public sealed record DueOperation(OperationPlan Plan, string Firing);

/// <summary>Checks what somebody wants to start: whether the locations exist, whether the app uses the target, and whether the loss of data was confirmed.</summary>
/// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> for a location that no setting declares, <see cref="ErrorCodes.TargetInUse"/>, <see cref="ErrorCodes.NotConfirmed"/>, <see cref="ErrorCodes.InvalidState"/>.</exception>
public sealed class OperationPlans(DataLocations locations, BackupRuns backups)
{
    private const int Parallel = 4;
    private const string PreflightOfCopy = "PreflightCopy", PlanOfRestore = "PlanRestore";

    /// <summary>Functions that are activities: those of dry runs.</summary>
    internal static readonly IReadOnlySet<string> Activities = new HashSet<string>(StringComparer.Ordinal) { PreflightOfCopy, PlanOfRestore };

    /// <param name="source">The database that is read.</param>
    /// <param name="target">The database that becomes its copy.</param>
    /// <param name="replace">Whether everything in the target is removed first.</param>
    /// <param name="confirm">The target's name, if <paramref name="replace"/>.</param>
    /// <param name="isDryRun">Only says what would be moved and what would not survive.</param>
    public OperationPlan CopyDatabase(string source, string target, bool replace, string? confirm, bool isDryRun)
    {
        RequireDatabase(source, "source");
        RequireFreeDatabase(target);
        if (!isDryRun && replace)
            RequireConfirmed(confirm, target, $"Everything in '{target}' would be removed.");
        var request = new DatabaseCopyRequest(source, target, replace ? DatabaseNameOf(target) : null, Parallel);
        var subject = $"{source} → {target}";
        return isDryRun
            ? new OperationPlan(OperationKind.DatabaseCopy, subject, PreflightOfCopy, new { Operation = "", Request = request, ExpectedBytes = 0 }, null, true)
            : new OperationPlan(OperationKind.DatabaseCopy, subject, "CopyDatabase", request, TargetOfDatabase(target));
    }

    public OperationPlan CompareDatabases(string first, string second)
    {
        RequireDatabase(first, "first");
        RequireDatabase(second, "second");
        return new OperationPlan(OperationKind.DatabaseComparison, $"{first}, {second}", "VerifyDatabases", new { First = first, Second = second, Parallel }, null);
    }

    /// <param name="source">The bucket that is read.</param>
    /// <param name="target">The bucket that becomes like it.</param>
    /// <param name="prefix">Only keys that begin like this.</param>
    /// <param name="delete">Whether what only the target has is deleted at the end.</param>
    /// <param name="mostDeleted">Share of the target's objects, 0 to 1, above which nothing is deleted.</param>
    /// <param name="bytesPerSecond">Limit over all transfers; null for none.</param>
    /// <param name="confirm">The target's name, if something is deleted, or objects that the app uses may be replaced.</param>
    /// <param name="isDryRun">Only says what would be copied and deleted.</param>
    public OperationPlan SyncStorage(string source, string target, string prefix, bool delete, double mostDeleted, long? bytesPerSecond, string? confirm, bool isDryRun)
    {
        var pair = PairOf(source, target, prefix, bytesPerSecond);
        if (!isDryRun && delete)
            RequireConfirmed(confirm, target, $"Objects that only '{target}' has would be deleted.");
        if (!isDryRun && locations.IsOwnBucket(target))
            RequireConfirmed(confirm, target, $"The app uses '{target}', and objects in it may be replaced.");
        return new OperationPlan(
            OperationKind.StorageSync, $"{source} → {target}", "SyncStorage", new SyncRequest(pair, delete, mostDeleted, isDryRun), isDryRun ? null : TargetOfBucket(target), isDryRun);
    }

    public OperationPlan CompareStorage(string first, string second, string prefix, bool readsBoth) => new(
        OperationKind.StorageComparison, $"{first}, {second}", "CompareStorage", new StorageComparisonRequest(PairOf(first, second, prefix, null), readsBoth), null);

    /// <summary>The weekly copy of the datasets into a bucket from which nothing is deleted.</summary>
    public OperationPlan BackUpDatasets(string cold) => new(
        OperationKind.DatasetBackup, $"datasets → {cold}", "SyncStorage", new SyncRequest(PairOf("datasets", cold, "", null), Delete: false, MostDeleted: 0, IsDryRun: false), TargetOfBucket(cold));

    public OperationPlan Backup(string database)
    {
        RequireBackups(database);
        return new OperationPlan(OperationKind.Backup, database, "TakeBackup", database, $"backup of {database}");
    }

    public OperationPlan Drill(string database)
    {
        RequireBackups(database);
        return new OperationPlan(OperationKind.Drill, database, "DrillBackup", database, $"drill of {database}");
    }

    /// <param name="database">Whose backup.</param>
    /// <param name="backup">Its id, or <c>latest</c>.</param>
    public OperationPlan VerifyBackup(string database, string backup)
    {
        RequireBackups(database);
        return new OperationPlan(OperationKind.BackupVerification, $"{database} {backup}", "VerifyBackup", new { Database = database, Id = backup }, null);
    }

    /// <param name="database">Whose backup.</param>
    /// <param name="backup">Its id, or <c>latest</c>.</param>
    /// <param name="target">The database that is filled.</param>
    /// <param name="replace">Whether everything in the target is removed first.</param>
    /// <param name="swap">Whether the backup is restored beside the target and then takes its name.</param>
    /// <param name="confirm">The target's name, if <paramref name="replace"/> or <paramref name="swap"/>.</param>
    /// <param name="isDryRun">Only says whether it could be done.</param>
    public OperationPlan Restore(string database, string backup, string target, bool replace, bool swap, string? confirm, bool isDryRun)
    {
        RequireBackups(database);
        RequireFreeDatabase(target);
        if (!isDryRun && (replace || swap))
            RequireConfirmed(confirm, target, swap ? $"The backup would take the place of '{target}'." : $"Everything in '{target}' would be removed.");
        var request = new RestoreRequest(database, backup, target, replace || (isDryRun && swap) ? DatabaseNameOf(target) : null, swap && !isDryRun);
        var subject = $"{database} {backup} → {target}";
        return isDryRun
            ? new OperationPlan(OperationKind.Restore, subject, PlanOfRestore, new { Operation = "", Request = request, Table = "" }, null, true)
            : new OperationPlan(OperationKind.Restore, subject, "RestoreBackup", request, TargetOfDatabase(target));
    }

    /// <summary>Why an operation whose steps all ended did not reach its aim; null if it did.</summary>
    internal static string? Shortcoming(OperationKind kind, JsonElement? report)
    {
        if (kind is not (OperationKind.StorageSync or OperationKind.DatasetBackup) || report?.Deserialize<SyncReport>(JsonSerializerOptions.Web) is not { } sync)
            return null;
        return sync.Summary.Failed > 0 ? $"{sync.Summary.Failed} objects could not be copied."
            : sync is { NotDeleted: { } reason, IsDryRun: false } ? $"Nothing was deleted: {reason}"
            : null;
    }

    private BucketPair PairOf(string source, string target, string prefix, long? bytesPerSecond)
    {
        RequireBucket(source, "source");
        RequireBucket(target, "target");
        return new BucketPair(source, target, $"{locations.PlaceOfBucket(source)} {locations.PlaceOfBucket(target)}", prefix, TransferLimits.DefaultParallel, bytesPerSecond);
    }

    private void RequireDatabase(string name, string field)
    {
        if (!locations.DatabaseNames.Contains(name))
            throw ProblemException.NoSuch("database", field);
    }

    private void RequireBucket(string name, string field)
    {
        if (!locations.BucketNames.Contains(name))
            throw ProblemException.NoSuch("bucket", field);
    }

    // The engine keeps this operation in one of the app's databases, and the app writes to all of them.
    private void RequireFreeDatabase(string target)
    {
        RequireDatabase(target, "target");
        if (locations.IsOwnDatabase(target))
            throw new ProblemException(ErrorCodes.TargetInUse, $"The running app works with database '{target}', so it cannot be written over from here. Stop the app and use platform-cli, or name another target.", "target");
    }

    private void RequireBackups(string database)
    {
        if (!backups.IsConfigured)
            throw new ProblemException(ErrorCodes.InvalidState, "There is no bucket for backups: set BACKUP_BUCKET.");
        if (!locations.OwnDatabaseNames.Contains(database))
            throw ProblemException.NoSuch("database", "database");
    }

    private static void RequireConfirmed(string? confirm, string target, string what)
    {
        if (confirm != target)
            throw new ProblemException(ErrorCodes.NotConfirmed, $"{what} Send \"confirm\": \"{target}\" if that is what you want.", "confirm");
    }

    private string DatabaseNameOf(string target) => Infrastructure.Backups.SideDatabases.NameOf(locations.Database(target));

    private string TargetOfDatabase(string target) => $"database {locations.PlaceOfDatabase(target)}";

    private string TargetOfBucket(string target) => $"bucket {locations.PlaceOfBucket(target)}";
}
