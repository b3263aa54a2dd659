namespace VisionPlatform.Functions.Embedded.Official;

/// <summary>Replaces the official worker, which would connect to a Functions host.</summary>
internal class IdleWorker
{
    public virtual Task StartAsync(CancellationToken token) => Task.CompletedTask;

    public virtual Task StopAsync(CancellationToken token) => Task.CompletedTask;
}
