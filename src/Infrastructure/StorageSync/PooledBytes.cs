using System.Buffers;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>Bytes in a buffer of the pool, to which <see cref="Dispose"/> returns it.</summary>
internal sealed class PooledBytes(int length) : IDisposable
{
    private const int Large = 1024 * 1024;

    // The shared pool keeps arrays for each thread; of parts of many megabytes that would be several times what is in use.
    private static readonly ArrayPool<byte> Parts = ArrayPool<byte>.Create(maxArrayLength: 64 * Large, maxArraysPerBucket: 8);

    private readonly ArrayPool<byte> _pool = length > Large ? Parts : ArrayPool<byte>.Shared;
    private byte[]? _array = (length > Large ? Parts : ArrayPool<byte>.Shared).Rent(length);

    public Memory<byte> Memory => (_array ?? throw new ObjectDisposedException(nameof(PooledBytes))).AsMemory(0, length);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
            _pool.Return(array);
    }
}
