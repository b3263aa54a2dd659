namespace VisionPlatform.Functions.Embedded.Official;

/// <summary>The worker of a process that no Functions host started: it has nobody to talk to.</summary>
internal class IdleWorker
{
    public virtual Task StartAsync(CancellationToken token) => Task.CompletedTask;

    public virtual Task StopAsync(CancellationToken token) => Task.CompletedTask;
}
