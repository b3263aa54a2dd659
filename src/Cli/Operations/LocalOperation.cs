using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using VisionPlatform.Application.Operations;

namespace VisionPlatform.Cli.Operations;

/// <summary>Runs an operation of the platform in this process, shows its progress, and keeps what is done in a journal until the operation is complete.</summary>
/// <example><code>
/// var report = await LocalOperation.RunAsync&lt;SyncReport&gt;(nameof(SyncStorage), new SyncRequest(…), resume: null, services =&gt; services.AddStorageSync(), locations, display, cancellation);
/// </code></example>
internal static class LocalOperation
{
    /// <param name="operation">Name of the orchestrator function.</param>
    /// <param name="input">Its input: names of locations, never an address or a password.</param>
    /// <param name="resume">Id of an operation that was interrupted, or null.</param>
    /// <param name="addServices">Registers what its activities need, besides clock, locations and meter.</param>
    /// <param name="locations">What the names in the input stand for.</param>
    /// <param name="display">Where progress is shown.</param>
    /// <param name="cancellation">Interrupts it; the same command with <c>--resume ID</c> goes on.</param>
    /// <exception cref="CommandException">It failed, or the input differs from that of the operation to resume.</exception>
    public static async Task<TResult> RunAsync<TResult>(
        string operation, object input, string? resume, Action<IServiceCollection> addServices, DataLocations locations, OperationDisplay display,
        CancellationToken cancellation)
    {
        var text = JsonSerializer.Serialize(input, LocalFunctions.Json);
        using var journal = resume is null
            ? OperationJournal.Create($"{operation.ToLowerInvariant()}-{Guid.CreateVersion7():n}", operation, text, DateTimeOffset.UtcNow)
            : OperationJournal.Resume(resume);
        if (journal.Operation != operation || journal.Input != text)
            throw CommandException.Usage($"operation {journal.Id} was started with other arguments ({journal.Operation} {journal.Input}).");
        var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddSingleton(locations).AddSingleton(display.Meter);
        addServices(services);
        await using var provider = services.BuildServiceProvider();
        var functions = new LocalFunctions(provider);
        var context = new LocalContext(operation, journal.Id, text, journal, functions, display.ShowStatus, NullLoggerFactory.Instance, cancellation);
        try
        {
            display.Begin(journal.Id, journal.Finished);
            var result = await display.WhileAsync(() => functions.CallOrchestratorAsync(operation, context));
            journal.Delete();
            return result is null ? default! : JsonSerializer.Deserialize<TResult>(result, LocalFunctions.Json)!;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw new CommandException($"interrupted; go on with --resume {journal.Id}", ExitCode.Interrupted);
        }
        catch (TaskFailedException failed)
        {
            throw new CommandException($"{failed.FailureDetails.ErrorMessage} (go on with --resume {journal.Id})", inner: failed);
        }
    }
}
