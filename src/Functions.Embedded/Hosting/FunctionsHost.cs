namespace VisionPlatform.Functions.Embedded;

/// <summary>Tells whether a Functions host (Core Tools, Azure) started this process.</summary>
internal static class FunctionsHost
{
    /// <summary>
    /// True when the process has arguments of a worker (<c>--functions-uri</c>; <c>--host</c> in earlier versions), the configuration key that the worker
    /// reads, or the data that a host sets when it runs the worker in its own process.
    /// </summary>
    public static bool StartedThisProcess { get; } = IsThere(
        Environment.GetCommandLineArgs(), Environment.GetEnvironmentVariable, AppContext.GetData("AZURE_FUNCTIONS_NATIVE_HOST"));

    internal static bool IsThere(IEnumerable<string> arguments, Func<string, string?> environment, object? nativeHost) =>
        nativeHost is not null
        || arguments.Any(argument => IsOption(argument, "--functions-uri") || IsOption(argument, "--host"))
        || !string.IsNullOrEmpty(environment("Functions__Worker__HostEndpoint"));

    private static bool IsOption(string argument, string option) =>
        argument.Equals(option, StringComparison.OrdinalIgnoreCase) || argument.StartsWith(option + "=", StringComparison.OrdinalIgnoreCase);
}
