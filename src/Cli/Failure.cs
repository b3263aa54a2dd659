using System.Text.Json;
using VisionPlatform.Cli.Demo.Api;

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
        IOException or UnauthorizedAccessException or HttpRequestException => new(OneLine(exception.Message), Cli.ExitCode.Failed),
        _ => new(OneLine($"unexpected {exception.GetType().Name}: {exception.Message}"), Cli.ExitCode.Failed),
    };

    public static string OneLine(string text) =>
        string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
