namespace VisionPlatform.Domain.Operations;

/// <summary>How long a phase of an operation will still take.</summary>
public static class PhaseEta
{
    /// <summary>Seconds at the pace so far: by bytes where the phase moves some, otherwise by items. Null when nothing tells.</summary>
    /// <param name="items">Items that are done.</param>
    /// <param name="expectedItems">Items of the whole phase; 0 when that is not known.</param>
    /// <param name="bytes">Bytes that are done.</param>
    /// <param name="expectedBytes">Bytes of the whole phase; 0 when that is not known.</param>
    /// <param name="seconds">How long the phase has taken.</param>
    public static double? Seconds(long items, long expectedItems, long bytes, long expectedBytes, double seconds) =>
        seconds <= 0 ? null
        : expectedBytes > 0 ? Left(bytes, expectedBytes, seconds)
        : Left(items, expectedItems, seconds);

    private static double? Left(long done, long expected, double seconds) => done > 0 && expected > done ? (expected - done) * seconds / done : null;
}
