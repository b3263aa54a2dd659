namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>
/// The order in which stores list keys: by UTF-8 bytes. .NET's ordinal order compares UTF-16 units, which sorts a character outside the basic
/// plane (a surrogate pair, D800–DFFF) before U+E000–U+FFFF; in UTF-8 it comes after them.
/// </summary>
public sealed class Utf8Order : IComparer<string>
{
    public static Utf8Order Instance { get; } = new();

    private Utf8Order()
    {
    }

    public int Compare(string? x, string? y)
    {
        if (x is null || y is null)
            return x is null ? (y is null ? 0 : -1) : 1;
        var same = x.AsSpan().CommonPrefixLength(y);
        if (same == x.Length || same == y.Length)
            return x.Length.CompareTo(y.Length);
        var (a, b) = (x[same], y[same]);
        var (isA, isB) = (char.IsSurrogate(a), char.IsSurrogate(b));
        return isA == isB ? a.CompareTo(b) : isA ? (b >= 0xE000 ? 1 : a.CompareTo(b)) : (a >= 0xE000 ? -1 : a.CompareTo(b));
    }
}
