using System.Buffers;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>Bytes in a buffer of the pool, to which <see cref="Dispose"/> returns it.</summary>
internal sealed class PooledBytes(int length) : IDisposable
{
    private byte[]? _array = ArrayPool<byte>.Shared.Rent(length);

    public Memory<byte> Memory => (_array ?? throw new ObjectDisposedException(nameof(PooledBytes))).AsMemory(0, length);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
            ArrayPool<byte>.Shared.Return(array);
    }
}
