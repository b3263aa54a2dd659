using System.Diagnostics;
using System.Globalization;

namespace VisionPlatform.Bench.Data;

/// <summary>A program run to its end: how long it took and the most memory it had resident.</summary>
internal static class MeasuredProcess
{
    public static async Task<(double Seconds, double PeakMb)> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        var (peak, ended) = (0.0, process.WaitForExitAsync(cancellation));
        while (await Task.WhenAny(ended, Task.Delay(50, cancellation)) != ended)
            peak = Math.Max(peak, PeakOf(process.Id));
        await ended;
        var seconds = clock.Elapsed.TotalSeconds;
        return process.ExitCode == 0
            ? (seconds, peak)
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await output}{await error}");
    }

    /// <summary>The most memory that a process has had resident, in MB; 0 when it has ended.</summary>
    public static double PeakOf(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : double.Parse(line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            // It ended at this moment.
            return 0;
        }
    }
}
