namespace VisionPlatform.Functions.Embedded.Durable;

internal static class TaskExtensions
{
    /// <summary>Waits for a task for a limited time. False when it has not ended. When it has failed, its exception is thrown.</summary>
    public static async Task<bool> EndsWithinAsync(this Task task, TimeSpan limit)
    {
        if (await Task.WhenAny(task, Task.Delay(limit, CancellationToken.None)) != task)
            return task.IsCompletedSuccessfully;
        await task;
        return true;
    }
}
