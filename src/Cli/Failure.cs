using System.Net;
using System.Text.Json;
using Amazon.Runtime;
using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Cli;

/// <summary>What the user is told about an exception: one line and an exit code.</summary>
internal sealed record Failure(string Message, int ExitCode)
{
    public static Failure From(Exception exception) => exception switch
    {
        CommandException expected => new(OneLine(expected.Message), expected.ExitCode),
        ApiException refused => new(OneLine(refused.Problem.Describe()), Cli.ExitCode.Failed),
        OperationCanceledException => new("interrupted", Cli.ExitCode.Interrupted),
        JsonException unreadable => new(OneLine($"the platform's answer cannot be read: {unreadable.Message}"), Cli.ExitCode.Failed),
        // The answer to a HEAD has no body, and so no message: the status says what is known.
        AmazonServiceException { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } refused =>
            new(OneLine($"the object store refuses the keys or the request: {refused.ErrorCode} {refused.Message} ({(int)refused.StatusCode})"), Cli.ExitCode.Failed),
        AmazonServiceException failed => new(OneLine($"the object store failed: {failed.ErrorCode} {failed.Message} ({(int)failed.StatusCode})"), Cli.ExitCode.Failed),
        ProblemException told => new(OneLine(told.Message), Cli.ExitCode.Failed),
        IOException or UnauthorizedAccessException or HttpRequestException => new(OneLine(exception.Message), Cli.ExitCode.Failed),
        _ => new(OneLine($"unexpected {exception.GetType().Name}: {exception.Message}"), Cli.ExitCode.Failed),
    };

    public static string OneLine(string text) =>
        string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
