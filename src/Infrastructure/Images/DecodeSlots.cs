namespace VisionPlatform.Infrastructure.Images;

/// <summary>Bounds how many images the process decodes at once: decoding is CPU work and a large image takes hundreds of megabytes.</summary>
public sealed class DecodeSlots : IDisposable
{
    private readonly SemaphoreSlim _free = new(Environment.ProcessorCount);

    /// <summary>Runs CPU-bound work when a slot is free.</summary>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation);
        try
        {
            return work();
        }
        finally
        {
            _free.Release();
        }
    }

    public void Dispose() => _free.Dispose();
}
