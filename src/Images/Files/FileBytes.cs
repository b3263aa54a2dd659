using System.Buffers.Binary;

namespace VisionPlatform.Images.Files;

/// <summary>Reads numbers and parts of a file. A position outside the file means that its header is damaged.</summary>
internal readonly record struct FileBytes(byte[] Content, ImageFormat Format)
{
    public int Length => Content.Length;

    public byte this[long position] => Slice(position, 1)[0];

    public ReadOnlySpan<byte> Slice(long position, long length) =>
        position >= 0 && length >= 0 && position <= Content.Length - length ? Content.AsSpan((int)position, (int)length) : throw Damaged();

    public int UInt16(long position, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(Slice(position, 2)) : BinaryPrimitives.ReadUInt16LittleEndian(Slice(position, 2));

    public uint UInt32(long position, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(Slice(position, 4)) : BinaryPrimitives.ReadUInt32LittleEndian(Slice(position, 4));

    public long Int64(long position, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadInt64BigEndian(Slice(position, 8)) : BinaryPrimitives.ReadInt64LittleEndian(Slice(position, 8));

    public RefusedImageException Damaged() => RefusedImageException.NotAnImage("has a damaged header");
}
