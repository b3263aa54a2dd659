using System.Text.Json;
using Microsoft.DurableTask.Entities;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Converts failures to and from the JSON that the database stores.</summary>
internal static class Failures
{
    public static string Write(TaskFailureDetails details) => JsonSerializer.Serialize(details);

    public static string Write(Exception error) => Write(Of(error));

    /// <summary>Details of an exception. A failed call carries its cause as details, not as an inner exception.</summary>
    public static TaskFailureDetails Of(Exception error)
    {
        TaskFailureDetails? inner = error switch
        {
            TaskFailedException failed => failed.FailureDetails,
            EntityOperationFailedException failed => failed.FailureDetails,
            { InnerException: { } cause } => Of(cause),
            _ => null,
        };
        return TaskFailureDetails.FromException(error) with { InnerFailure = inner };
    }

    /// <summary>The failure in the form that <see cref="RetryPolicy.Handle"/> takes: it was made for the exceptions of DurableTask.Core.</summary>
    public static Exception ForPolicy(TaskFailedException failed) =>
        new DurableTask.Core.Exceptions.TaskFailedException(failed.Message) { FailureDetails = ToCore(failed.FailureDetails) };

    private static DurableTask.Core.FailureDetails ToCore(TaskFailureDetails details) => new(
        details.ErrorType, details.ErrorMessage, details.StackTrace, details.InnerFailure is { } inner ? ToCore(inner) : null, isNonRetriable: false);

    public static TaskFailureDetails Read(string? data) =>
        (data is null ? null : JsonSerializer.Deserialize<TaskFailureDetails>(data)) ?? new TaskFailureDetails("(unknown)", "", null, null, null);
}
