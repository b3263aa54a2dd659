namespace VisionPlatform.Functions.Embedded;

/// <summary>Tells whether a Functions host (Core Tools, Azure) started this process.</summary>
internal static class FunctionsHost
{
    /// <summary>
    /// Whether a Functions host started this process. It says so by arguments of the worker (<c>--functions-uri</c>, in earlier versions
    /// <c>--host</c>), by the configuration key that the worker reads, or by data of the process when it runs the worker natively.
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
