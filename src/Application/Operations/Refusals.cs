using Npgsql;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Application.Operations;

/// <summary>Tells failures that stay from those that pass: only the latter are worth trying again.</summary>
internal static class Refusals
{
    /// <exception cref="OperationException">The server refused for a reason that trying again does not change.</exception>
    public static async Task<T> ExplainedAsync<T>(this Task<T> work)
    {
        try
        {
            return await work;
        }
        // Npgsql counts a full disk as something that passes. It passes when somebody makes room, and then the operation is resumed.
        catch (PostgresException refused) when (!refused.IsTransient || refused.SqlState == PostgresErrorCodes.DiskFull)
        {
            throw new OperationException($"the server refuses: {refused.MessageText}{(refused.Detail is { Length: > 0 } detail ? $" ({detail})" : "")}", refused);
        }
    }

    /// <inheritdoc cref="ExplainedAsync{T}(Task{T})"/>
    public static Task ExplainedAsync(this Task work) => WithResultAsync(work).ExplainedAsync();

    private static async Task<bool> WithResultAsync(Task work)
    {
        await work;
        return true;
    }
}
