using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Api.Operations;

/// <summary>Which database to copy into which. Databases are named as in the settings: those of the app (`users`, `platform`, `labeler`) and those of `OPERATIONS_DATABASE_NAME_URL`, in lower case.</summary>
/// <param name="Source">Database that is read.</param>
/// <param name="Target">Database that becomes a copy of it. Not one that the app works with.</param>
/// <param name="Replace">Whether everything in the target is removed first. A target that has rows is refused without it.</param>
/// <param name="Confirm">The target's name, as a confirmation of `replace`.</param>
/// <param name="DryRun">Only compares both sides and reports what would be moved and what would not survive.</param>
public sealed record DatabaseCopyBody(
    [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Source, [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Target,
    bool? Replace, [property: StringLength(LocationNames.Length)] string? Confirm, bool? DryRun);

/// <summary>Which databases to compare.</summary>
/// <param name="First">A database.</param>
/// <param name="Second">Another one.</param>
public sealed record DatabaseComparisonBody(
    [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string First, [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Second);

/// <summary>Which bucket to make like which. Buckets are named as in the settings: `datasets`, `internal`, and those of `OPERATIONS_BUCKET_NAME_ENDPOINT`, in lower case.</summary>
/// <param name="Source">Bucket that is read.</param>
/// <param name="Target">Bucket that receives what it lacks or has differently.</param>
/// <param name="Prefix">Only objects whose key begins like this; all without it.</param>
/// <param name="Delete">Whether objects that only the target has are deleted at the end. Never if the source lists nothing, `maxDelete` would be exceeded, or an object could not be copied.</param>
/// <param name="MaxDelete">The largest share of the target's objects that may be deleted, 0 to 1; 0.25 unless given.</param>
/// <param name="BytesPerSecond">Limit over all transfers; null for none.</param>
/// <param name="Confirm">The target's name, as a confirmation of `delete`, or of a target that the app uses.</param>
/// <param name="DryRun">Only reports what would be copied and deleted.</param>
public sealed record StorageSyncBody(
    [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Source, [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Target,
    [property: StringLength(LocationNames.Key)] string? Prefix, bool? Delete, [property: Range(0d, 1d)] double? MaxDelete, [property: Range(1, long.MaxValue)] long? BytesPerSecond,
    [property: StringLength(LocationNames.Length)] string? Confirm, bool? DryRun);

/// <summary>Which buckets to compare.</summary>
/// <param name="First">A bucket.</param>
/// <param name="Second">Another one.</param>
/// <param name="Prefix">Only objects whose key begins like this; all without it.</param>
/// <param name="Checksum">Reads both objects where nothing that the stores keep tells whether their content is the same.</param>
public sealed record StorageComparisonBody(
    [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string First, [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Second,
    [property: StringLength(LocationNames.Key)] string? Prefix, bool? Checksum);

/// <summary>Which backup to restore, and where to.</summary>
/// <param name="Database">Database whose backup it is: `users`, `platform` or `labeler`.</param>
/// <param name="Backup">Id of the backup, or `latest`.</param>
/// <param name="Target">Database that is filled. Not one that the app works with.</param>
/// <param name="Replace">Whether everything in the target is removed first. A target that has rows is refused without `replace` or `swap`.</param>
/// <param name="Swap">Whether the backup is restored into a new database beside the target, which then takes the target's name. The former one stays under another name.</param>
/// <param name="Confirm">The target's name, as a confirmation of `replace` or `swap`.</param>
/// <param name="DryRun">Only says whether the restore could be done and what would not survive it.</param>
public sealed record RestoreBody(
    [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Database, [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Backup,
    [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Target, bool? Replace, bool? Swap, [property: StringLength(LocationNames.Length)] string? Confirm, bool? DryRun);

/// <summary>Which backup to verify.</summary>
/// <param name="Database">Database whose backup it is: `users`, `platform` or `labeler`.</param>
/// <param name="Backup">Id of the backup, or `latest`.</param>
public sealed record BackupVerificationBody(
    [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Database, [property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Backup);

/// <summary>Which database's newest backup to restore for a trial.</summary>
/// <param name="Database">Database whose backup it is: `users`, `platform` or `labeler`.</param>
public sealed record DrillBody([property: Required, StringLength(LocationNames.Length, MinimumLength = 1)] string Database);

internal static class LocationNames
{
    public const int Length = 100;

    /// <summary>Longest key of an object.</summary>
    public const int Key = 1024;
}

/// <summary>How far the phase of an operation is.</summary>
/// <param name="Phase">What is being done; null before the first step.</param>
/// <param name="Items">Tables, objects or parts that the phase has done.</param>
/// <param name="Bytes">Bytes that the phase has done.</param>
/// <param name="ExpectedItems">Tables, objects or parts that the phase will do, as far as is known now; null when nothing is known. It grows while buckets are listed.</param>
/// <param name="ExpectedBytes">Bytes that the phase will do, as far as is known now; null when nothing is known.</param>
/// <param name="BytesPerSecond">Mean throughput of the phase; null when it moves no bytes.</param>
/// <param name="EtaSeconds">How long the phase will still take at its present pace, in seconds; null when that is not known.</param>
public sealed record OperationProgressAnswer(string? Phase, long Items, long Bytes, long? ExpectedItems, long? ExpectedBytes, double? BytesPerSecond, double? EtaSeconds)
{
    public static OperationProgressAnswer Of(DataOperation operation, DateTimeOffset now)
    {
        var seconds = ((operation.EndedAt ?? now) - (operation.PhaseStartedAt ?? now)).TotalSeconds;
        double? rate = operation.Bytes > 0 && seconds > 0 ? Math.Round(operation.Bytes / seconds, 1) : null;
        double? eta = operation.HasEnded ? null : PhaseEta.Seconds(operation.Items, operation.ExpectedItems, operation.Bytes, operation.ExpectedBytes, seconds);
        return new(
            operation.Phase, operation.Items, operation.Bytes, Known(operation.ExpectedItems), Known(operation.ExpectedBytes), rate, eta is { } left ? Math.Round(left, 1) : null);

        static long? Known(long expected) => expected > 0 ? expected : null;
    }
}

/// <summary>An operation on databases or buckets.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="State">How far it is. `completed`, `failed` and `cancelled` are final.</param>
/// <param name="Subject">With what it does it, in names of locations.</param>
/// <param name="DryRun">Whether it changes nothing.</param>
/// <param name="CancelRequested">Whether it was asked to end.</param>
/// <param name="Progress">How far its current or last phase is.</param>
/// <param name="Report">What it did, a JSON object whose fields depend on the kind; null until it has ended, and if it failed before it could say.</param>
/// <param name="Error">Why it failed; null otherwise.</param>
/// <param name="StartedBy">Who started it: a person or a program with an account, or a schedule.</param>
/// <param name="CreatedBy">Id of the account that started it; null for a schedule.</param>
/// <param name="StartedAt">When its first step began; null before.</param>
/// <param name="EndedAt">When it ended; null before.</param>
public sealed record OperationAnswer(
    Guid Id, OperationKind Kind, OperationState State, string Subject, bool DryRun, bool CancelRequested, OperationProgressAnswer Progress, JsonElement? Report, string? Error, OperationStarter StartedBy,
    Guid? CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt)
{
    public static OperationAnswer Of(DataOperation operation, DateTimeOffset now) => new(
        operation.Id, operation.Kind, operation.State, operation.Subject, operation.IsDryRun, operation.CancelRequestedAt is not null, OperationProgressAnswer.Of(operation, now),
        operation.Report, operation.Error, operation.StartedBy, operation.CreatedBy, operation.CreatedAt, operation.StartedAt, operation.EndedAt);
}

/// <summary>An event of an operation.</summary>
/// <param name="Id">Position of the event; rises within the operation. Send it as <c>after</c> or <c>Last-Event-ID</c> to continue from here.</param>
/// <param name="Type">Kind of event: <c>state</c>, <c>phase</c> or <c>problem</c>.</param>
/// <param name="Data">A JSON object whose fields depend on the type.</param>
/// <param name="Time">When it happened.</param>
public sealed record OperationEventAnswer(long Id, string Type, JsonElement Data, DateTimeOffset Time);

/// <summary>The databases and buckets that operations can name.</summary>
/// <param name="Databases">Names of databases.</param>
/// <param name="Buckets">Names of buckets.</param>
/// <param name="InUse">Those that the app itself works with. Databases of them cannot be written over.</param>
public sealed record LocationsAnswer(IReadOnlyList<string> Databases, IReadOnlyList<string> Buckets, IReadOnlyList<string> InUse);
