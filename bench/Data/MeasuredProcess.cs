using System.Diagnostics;
using System.Globalization;

namespace VisionPlatform.Bench.Data;

/// <summary>What a program took: seconds, the most memory it had resident, and seconds of processor time.</summary>
internal readonly record struct Used(double Seconds, double PeakMb, double ProcessorSeconds);

/// <summary>A program run to its end.</summary>
internal static class MeasuredProcess
{
    public static async Task<Used> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        var (peak, processor, ended) = (0.0, 0.0, process.WaitForExitAsync(cancellation));
        while (await Task.WhenAny(ended, Task.Delay(50, cancellation)) != ended)
            (peak, processor) = (Math.Max(peak, PeakOf(process.Id)), Math.Max(processor, ProcessorOf(process)));
        await ended;
        var seconds = clock.Elapsed.TotalSeconds;
        return process.ExitCode == 0
            ? new Used(seconds, peak, processor)
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await output}{await error}");
    }

    /// <summary>The most memory that a process has had resident, in MB; 0 when it has ended.</summary>
    public static double PeakOf(int process) => Sum(process, "VmHWM:");

    /// <summary>
    /// The most memory that a process has of its own while something runs, in MB: without the pages of programs and libraries, which it shares with others
    /// and the system drops when memory is short.
    /// </summary>
    public static async Task<double> PeakOwnAsync(int process, Task during)
    {
        var peak = 0.0;
        while (!during.IsCompleted)
        {
            peak = Math.Max(peak, Sum(process, "RssAnon:", "RssShmem:"));
            await Task.WhenAny(during, Task.Delay(50));
        }
        return peak;
    }

    private static double ProcessorOf(Process process)
    {
        try
        {
            process.Refresh();
            return process.TotalProcessorTime.TotalSeconds;
        }
        catch (InvalidOperationException)
        {
            // It ended at this moment.
            return 0;
        }
    }

    private static double Sum(int process, params string[] names)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/status").Where(line => names.Any(name => line.StartsWith(name, StringComparison.Ordinal)))
                .Sum(line => double.Parse(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)) / 1024;
        }
        catch (IOException)
        {
            // It ended at this moment.
            return 0;
        }
    }
}
