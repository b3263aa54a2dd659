using System.Buffers.Binary;

namespace VisionPlatform.Domain.Audit;

/// <summary>Converts times to bounds of ids, so that one index serves order, cursor and time filter of the audit log.</summary>
public static class AuditTimes
{
    /// <summary>The smallest UUID v7 (RFC 9562 5.7) of a time, exact to the millisecond.</summary>
    public static Guid FirstIdAt(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Math.Max(0, time.ToUnixTimeMilliseconds()) << 16);
        bytes[6] = 0x70;
        bytes[8] = 0x80;
        return new Guid(bytes, bigEndian: true);
    }
}
