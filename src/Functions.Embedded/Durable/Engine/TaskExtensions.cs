namespace VisionPlatform.Functions.Embedded.Durable;

internal static class TaskExtensions
{
    /// <summary>Waits for a task that may not end. True when it has; its error is then thrown.</summary>
    public static async Task<bool> EndsWithinAsync(this Task task, TimeSpan limit)
    {
        if (await Task.WhenAny(task, Task.Delay(limit, CancellationToken.None)) != task)
            return task.IsCompletedSuccessfully;
        await task;
        return true;
    }
}
