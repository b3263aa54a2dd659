namespace VisionPlatform.Images;

/// <summary>
/// Bounds the memory of images that are decoded at the same time: admits one after the other, in the order in which they came, as long as their
/// sizes together fit. An image larger than all of it is decoded alone.
/// </summary>
internal sealed class DecodeMemory(long bytes) : IDisposable
{
    private const long Unit = 4 << 20;

    private readonly int _units = (int)Math.Clamp(bytes / Unit, 1, int.MaxValue);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SemaphoreSlim _free = new((int)Math.Clamp(bytes / Unit, 1, int.MaxValue));

    /// <summary>Waits until an image of this size may be decoded. Returns what to give back.</summary>
    public async Task<int> TakeAsync(long size, CancellationToken cancellation)
    {
        var wanted = (int)Math.Min(size / Unit + 1, _units);
        var taken = 0;
        await _turn.WaitAsync(cancellation);
        try
        {
            for (; taken < wanted; taken++)
                await _free.WaitAsync(cancellation);
            return wanted;
        }
        catch when (taken > 0)
        {
            _free.Release(taken);
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void GiveBack(int taken) => _free.Release(taken);

    public void Dispose()
    {
        _turn.Dispose();
        _free.Dispose();
    }
}
