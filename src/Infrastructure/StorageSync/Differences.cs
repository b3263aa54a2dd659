using System.Text.Json.Serialization;

namespace VisionPlatform.Infrastructure.StorageSync;

[JsonConverter(typeof(JsonStringEnumConverter<DifferenceKind>))]
public enum DifferenceKind
{
    /// <summary>The target has no such object.</summary>
    MissingAtTarget,

    /// <summary>The objects have different sizes.</summary>
    DifferentSize,

    /// <summary>The objects have the same size and different content.</summary>
    DifferentContent,

    /// <summary>
    /// The objects have the same size, and nothing that the stores keep with them tells whether the content is the same. Only reading both tells.
    /// </summary>
    NotComparable,

    /// <summary>The source has no such object.</summary>
    OnlyAtTarget,

    /// <summary>The object could not be copied, read or deleted.</summary>
    Failed,

    /// <summary>The object was deleted at the source after it had been listed.</summary>
    Vanished,
}

/// <summary>One object in which source and target differ.</summary>
/// <param name="Key">Its key, with the prefix.</param>
/// <param name="Kind">How they differ.</param>
/// <param name="SourceSize">Bytes at the source; null if it has none.</param>
/// <param name="TargetSize">Bytes at the target; null if it has none.</param>
/// <param name="Detail">What the store said; null if there is nothing to add.</param>
public sealed record Difference(string Key, DifferenceKind Kind, long? SourceSize, long? TargetSize, string? Detail = null);

/// <summary>What one call of the engine did with the objects of a range.</summary>
public sealed record RangeOutcome
{
    /// <summary>Differences that the outcome of one call holds.</summary>
    public const int Kept = 20;

    /// <summary>Objects that the source lists.</summary>
    public long SourceObjects { get; init; }

    /// <summary>Objects that the target lists.</summary>
    public long TargetObjects { get; init; }

    public long SourceBytes { get; init; }

    /// <summary>Objects that are the same on both sides.</summary>
    public long Equal { get; init; }

    /// <summary>Objects that were copied, or would be in a dry run.</summary>
    public long Copied { get; init; }

    public long CopiedBytes { get; init; }

    /// <summary>Objects that only the target has.</summary>
    public long OnlyAtTarget { get; init; }

    public long Deleted { get; init; }

    /// <summary>Objects deleted at the source while the sync ran.</summary>
    public long Vanished { get; init; }

    /// <summary>Objects that could not be copied, compared or deleted.</summary>
    public long Failed { get; init; }

    /// <summary>Differences that a comparison found; of a sync, those that it did not remove.</summary>
    public long Differing { get; init; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<Difference> First { get; init; } = [];

    /// <summary>Large objects to copy with calls of their own, so that each goes on where it was interrupted.</summary>
    public IReadOnlyList<ListedObject> Large { get; init; } = [];

    /// <summary>The call ended here to stay small: the range goes on after this key. Null at its end.</summary>
    public string? ContinueAfter { get; init; }

    /// <summary>Why nothing more can be done, as a sentence for the operator; null if all is well.</summary>
    public string? Problem { get; init; }

    /// <summary>Both together, with at most <paramref name="first"/> differences.</summary>
    public RangeOutcome Plus(RangeOutcome other, int first) => new()
    {
        SourceObjects = SourceObjects + other.SourceObjects,
        TargetObjects = TargetObjects + other.TargetObjects,
        SourceBytes = SourceBytes + other.SourceBytes,
        Equal = Equal + other.Equal,
        Copied = Copied + other.Copied,
        CopiedBytes = CopiedBytes + other.CopiedBytes,
        OnlyAtTarget = OnlyAtTarget + other.OnlyAtTarget,
        Deleted = Deleted + other.Deleted,
        Vanished = Vanished + other.Vanished,
        Failed = Failed + other.Failed,
        Differing = Differing + other.Differing,
        First = [.. First.Concat(other.First).Take(first)],
        Problem = Problem ?? other.Problem,
    };
}
