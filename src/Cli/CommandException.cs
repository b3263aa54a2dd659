namespace VisionPlatform.Cli;

/// <summary>Exit codes of every command.</summary>
internal static class ExitCode
{
    public const int Success = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Unavailable = 3;

    /// <summary>128 + SIGINT, as shells report it.</summary>
    public const int Interrupted = 130;
}

/// <summary>An expected end of a command: the message is printed as one line on stderr, without a stack trace.</summary>
internal sealed class CommandException(string message, int exitCode = ExitCode.Failed, Exception? inner = null)
    : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>A wrong argument or a missing setting.</summary>
    public static CommandException Usage(string message) => new(message, Cli.ExitCode.Usage);

    /// <summary>A server that is needed does not answer.</summary>
    public static CommandException Unavailable(string message, Exception? inner = null) =>
        new(message, Cli.ExitCode.Unavailable, inner);
}
