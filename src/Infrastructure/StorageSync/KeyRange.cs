namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>Keys after <see cref="After"/> up to and including <see cref="UpTo"/>, in the order of <see cref="Utf8Order"/>; null means no limit.</summary>
public sealed record KeyRange(string? After, string? UpTo)
{
    public static KeyRange All { get; } = new(null, null);

    /// <summary>Whether the range does not end before the key.</summary>
    public bool IsBeforeEnd(string key) => UpTo is null || Utf8Order.Instance.Compare(key, UpTo) <= 0;

    /// <summary>The ranges between these boundaries, which are in order. Together they hold every key.</summary>
    public static IReadOnlyList<KeyRange> Between(IReadOnlyList<string> boundaries) =>
        [.. Enumerable.Range(0, boundaries.Count + 1).Select(i => new KeyRange(i == 0 ? null : boundaries[i - 1], i == boundaries.Count ? null : boundaries[i]))];
}
